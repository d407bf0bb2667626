"""What email brought in a period, beside what would be claimed by the last click."""

from __future__ import annotations

import streamlit as st

from backend.services.campaigns.effect import CampaignEffect
from backend.services.context import Shop
from pages.components.campaigns import lift
from pages.components.insights import kept
from pages.components.ui import empty, formats
from pages.components.ui.periods import pick_period
from pages.components.ui.table import Cell, Column, Row, Table, show_table

_COLUMNS = (
    Column("Campaign", "main"),
    Column("Recipients", "figure", 100, labelled=True),
    Column("Control group", "figure", 110, labelled=True),
    Column("Brought", width=230, labelled=True),
    Column("After clicks", "figure", 110, labelled=True),
)


def show(shop: Shop) -> None:
    """All campaigns of the period together, then each."""
    chosen = pick_period(shop, "period")
    found = kept.email_effect(shop, chosen.first, chosen.last)
    if not found.campaigns:
        empty.nothing(":material/campaign:", "No campaign began in this period", "Choose more days.")
        return
    with st.grid(2, min_column_width=260):
        st.metric("Brought, by control groups", formats.plain(lift.figure(shop, found.lift)), border=True)
        clicked = formats.plain(formats.round_money(shop, found.clicked[1]))
        st.metric("Ordered after a click", clicked, border=True, help="What tools claim that credit the last click.")
    st.caption(formats.plain(lift.sentence(shop, found.lift) if found.lift else _NO_CONTROL))
    rows = [_row(shop, each) for each in found.campaigns]
    show_table(Table("Campaigns of the period", _COLUMNS, rows, "campaign.py"), "email_effect")


_NO_CONTROL = (
    "No campaign of the period held back a control group, so nobody knows what customers would have bought anyway. "
    "Choose a control group when you plan the next one."
)


def _row(shop: Shop, each: CampaignEffect) -> Row:
    orders = each.orders
    known = orders.lift if orders else None
    cells = (
        Cell(each.campaign.name, note=formats.day(shop, each.campaign.started_at or each.campaign.created_at)),
        Cell(formats.count(shop, orders.got.customers) if orders else "Not counted yet"),
        Cell(formats.count(shop, orders.holdout.customers) if orders and orders.holdout.customers else "None"),
        Cell(lift.interval(shop, known).capitalize() if known else "\u2013"),
        Cell(formats.money(shop, orders.clicked[1]) if orders and orders.clicked else "\u2013"),
    )
    return Row(each.campaign.id, cells, {"id": each.campaign.id})
