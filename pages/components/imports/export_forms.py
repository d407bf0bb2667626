"""Taking customers and orders out: what to take, and the button that makes the file when it is pressed."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import BinaryIO

import streamlit as st

from backend.domain.orders import OrderStatus
from backend.domain.team import Actor
from backend.services import exports
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter
from backend.services.exports import Format
from backend.services.orders.lists import OrderFilter
from pages.components.ui import caching, formats
from pages.components.ui.downloads import deferred
from pages.components.ui.periods import pick_period

Export = Callable[[Actor, BinaryIO, Format], object]

_ORDERS = ("orders", exports.export_orders)


def customers(here: Shop, actor: Actor) -> None:
    """All customers, or those of a tag or a country."""
    with st.container(border=True):
        st.header("Customers", anchor=False)
        st.caption("Profile, consent, tags and totals. You can import the file again.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            tag = _choose("Tag", list(caching.counts_of(here, "tag")), "All tags", "export_tag")
            codes = [code for code in caching.counts_of(here, "country") if code != formats.NO_COUNTRY]
            names = {code: formats.country(here, code) for code in codes}
            country = _choose("Country", codes, "All countries", "export_country", names)
        wanted = CustomerFilter(tag=tag, country=country)
        _buttons(here, actor, "customers", lambda who, to, kind: exports.export_customers(here, who, to, kind, wanted))


def orders(here: Shop, actor: Actor) -> None:
    """Orders of some days, one row each, or one row for each of their line items."""
    with st.container(border=True):
        st.header("Orders", anchor=False)
        st.caption("Amounts are decimal numbers, and times are those of the shop's time zone.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            chosen = pick_period(here, "exported")
            statuses = st.pills(
                "Status",
                list(OrderStatus),
                selection_mode="multi",
                format_func=formats.legible(formats.STATUS_LABELS.__getitem__),
                key="export_statuses",
            )
        rows = st.segmented_control(
            "One row for each",
            ["Order", "Line item"],
            default="Order",
            required=True,
            key="export_rows",
            format_func=formats.legible(str),
        )
        wanted = OrderFilter(chosen.first, chosen.last, tuple(statuses))
        what, export = ("line items", exports.export_line_items) if rows == "Line item" else _ORDERS
        _buttons(here, actor, what, lambda who, to, kind: export(here, who, to, kind, wanted))


def _choose(label: str, options: list[str], every: str, key: str, names: dict[str, str] | None = None) -> str:
    return st.selectbox(
        label,
        ["", *options],
        format_func=lambda option: (names or {}).get(option, option) or every,
        key=key,
        width=220,
    )


def _buttons(here: Shop, actor: Actor, what: str, export: Export) -> None:
    """One button a format."""
    with st.container(horizontal=True):
        for kind in Format:
            st.download_button(
                f"Download {what} ({kind.value.upper()})",
                data=deferred(here, actor, _written(export, kind)),
                file_name=f"{what.replace(' ', '-')}-{here.clock().astimezone(here.zone):%Y-%m-%d}.{kind.value}",
                mime=kind.mime,
                key=f"export_{what}_{kind.value}",
                icon=":material/download:",
                on_click="ignore",
            )


def _written(export: Export, kind: Format) -> Callable[[Actor], bytes]:
    def write(actor: Actor) -> bytes:
        target = io.BytesIO()
        export(actor, target, kind)
        return target.getvalue()

    return write
