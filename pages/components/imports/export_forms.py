"""Taking customers and orders out: what to take, and the button that makes the file when it is pressed."""

from __future__ import annotations

import streamlit as st

from backend.domain.orders import OrderStatus
from backend.domain.team import Actor
from backend.services import exports
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter
from backend.services.orders.lists import OrderFilter
from pages.components.ui import caching, filters, formats
from pages.components.ui.downloads import offer_files
from pages.components.ui.periods import pick_period

_ROWS = {"order": "Order", "line": "Line item"}
_ORDERS = ("orders", exports.export_orders)


def customers(shop: Shop, actor: Actor) -> None:
    """All customers, or those of a tag or a country."""
    with st.container(border=True):
        st.header("Customers", anchor=False)
        st.caption("Profile, consent, tags and totals. You can import the file again.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            tag = _choose("Tag", list(caching.counts_of(shop, "tag")), "All tags", "tag")
            codes = [code for code in caching.counts_of(shop, "country") if code != formats.NO_COUNTRY]
            names = {code: formats.country(shop, code) for code in codes}
            country = _choose("Country", codes, "All countries", "country", names)
        wanted = CustomerFilter(tag=tag, country=country)
        offer_files(
            shop, actor, "customers", lambda who, to, kind: exports.export_customers(shop, who, to, kind, wanted)
        )


def orders(shop: Shop, actor: Actor) -> None:
    """Orders of some days, one row each, or one row for each of their line items."""
    with st.container(border=True):
        st.header("Orders", anchor=False)
        st.caption("Amounts are decimal numbers, and times are those of the shop's time zone.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = pick_period(shop, "exported")
            statuses = filters.pick_pills(
                "Status",
                list(OrderStatus),
                name="status",
                key="export_statuses",
                words=formats.STATUS_LABELS.__getitem__,
            )
        rows = filters.pick_view(
            "One row for each", list(_ROWS), name="rows", key="export_rows", words=_ROWS.__getitem__
        )
        wanted = OrderFilter(chosen.first, chosen.last, tuple(statuses))
        what, export = ("line items", exports.export_line_items) if rows == "line" else _ORDERS
        offer_files(shop, actor, what, lambda who, to, kind: export(shop, who, to, kind, wanted))


def _choose(label: str, options: list[str], every: str, name: str, names: dict[str, str] | None = None) -> str:
    return filters.pick_one(
        label,
        ["", *options],
        name=name,
        key=f"export_{name}",
        words=lambda option: (names or {}).get(option, option) or every,
    )
