"""The orders behind a part of a change in revenue, of either period, and their file."""

from __future__ import annotations

import streamlit as st

from backend.domain.revenue_change import Cause, Group, Part
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.insights import export
from backend.services.insights.behind import Behind, Counted
from backend.services.insights.change import Days
from pages.components.insights import kept
from pages.components.ui import empty, filters, formats, tables
from pages.components.ui.downloads import offer_export
from pages.components.ui.table import Cell, Column, Row, Table, show_table

_WORDS = {
    Counted.ALL: "All orders",
    Counted.NEW: "New customers",
    Counted.RETURNING: "Returning customers",
    Counted.DISCOUNTED: "With a discount",
    Counted.REFUNDED: "With a refund",
}
_SUMS = {Counted.DISCOUNTED: "Discounts", Counted.REFUNDED: "Refunds"}
_VALUE = "Value before discounts and refunds"
_COLUMNS = (
    Column("Order", "main", 170),
    Column("Customer"),
    Column("Placed", width=150, room="middle"),
    Column("Total", "figure", 118, labelled=True),
    Column("Counted", "figure", 118),
)


def counted_by(part: Part) -> Counted:
    """The orders that a part of a change counts."""
    if part.cause is Cause.DISCOUNTS:
        return Counted.DISCOUNTED
    if part.cause is Cause.REFUNDS:
        return Counted.REFUNDED
    if part.group is None:
        return Counted.ALL
    return Counted.NEW if part.group is Group.NEW else Counted.RETURNING


def link_to(part: Part) -> dict[str, list[str]]:
    """What the address has when the orders of a part are shown."""
    return {"orders": [counted_by(part).name.lower()]}


def show(shop: Shop, actor: Actor, now: Days, before: Days) -> None:
    """The choice of a part, and its orders."""
    if not actor.may(Permission.VIEW_ORDERS):
        return
    st.header("Orders behind it", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        counted = filters.pick_pill(
            "Which orders", list(Counted), name="orders", key="change_orders", words=_WORDS.__getitem__
        )
        if counted is None:
            return
        side = filters.pick_view("When", ["now", "before"], name="side", key="change_side", words=str.capitalize)
        days = now if side == "now" else before
        offer_export(
            shop, actor, "orders", lambda who, to, kind: export.export_behind(shop, who, to, kind, days, counted)
        )
    pager = tables.Pager("behind", (days, counted), sized=True)
    found = kept.orders_behind(shop, days, counted, limit=pager.rows, cursor=pager.cursor)
    if not found.number:
        empty.nothing(":material/receipt_long:", "No such orders", "Choose others, or the other period.")
        return
    with st.grid(2, min_column_width=150):
        st.metric("Orders", formats.plain(formats.count(shop, found.number)), border=True)
        amount = formats.plain(formats.money(shop, found.amount))
        st.metric(_SUMS.get(counted, _VALUE), amount, border=True, help="The sum of what is counted of each order.")
    show_table(_table(shop, found), "behind")
    pager.show(found.cursor)


def _table(shop: Shop, found: Behind) -> Table:
    year = shop.clock().astimezone(shop.zone).year
    rows = [
        Row(
            order.id,
            (
                Cell(order.number),
                Cell(formats.name_of(order.customer_name)),
                Cell(formats.brief_moment(shop, order.placed_at, year), quiet=True),
                Cell(formats.money(shop, order.total), quiet=True),
                Cell(formats.money(shop, amount)),
            ),
            {"customer": order.customer_id, "id": order.id},
        )
        for order, amount in found.orders
    ]
    return Table("Orders behind the change", _COLUMNS, rows, "order.py")
