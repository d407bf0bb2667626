"""Lists of customers and orders in which every row is a link, page by page.

A row is a real link and not a cell of a drawn grid: it works with the keyboard, in a screen reader, on a phone, and
with the middle mouse button.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import streamlit as st

from backend.domain.customers import CustomerSummary
from backend.domain.orders import OrderSummary
from backend.services.context import Shop
from pages.components.ui import address, client, filters, formats
from pages.components.ui.navigation import page_of
from pages.components.ui.state import Slot

ROWS = 20
"""Rows of a page of a list."""
_MOST_OFFERED = 500
_REMEMBERED = 5
_Place = tuple[str, list[str]]
"""What is listed, and where each page after the first begins; "" for one that is forgotten."""
_START: _Place = ("", [])
_CHARACTERS = 90
_PHONE_CHARACTERS = 38
"""Of a row's label, in a window of 1,280 pixels and on a phone of 390."""
_LEAST, _TAGS, _REFUND = 8, 12, 20
_GAP = 12
_PHONE = 326
"""Pixels that a row has on a screen of 390."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what its link says and leads to, and the figures at its right end. Texts are Markdown."""

    label: str
    query: dict[str, str]
    figures: tuple[str, ...]


def customer_rows(
    shop: Shop, customers: Iterable[CustomerSummary], *, ranked: bool = False, details: bool = True
) -> None:
    """Customers with their orders and revenue; `ranked` puts their places before their names."""
    rows, room = [], _room()
    for place, customer in enumerate(customers, start=1):
        name = shortened(formats.name_of(customer.name), room)
        label = f"{place}\\. **{formats.plain(name)}**" if ranked else f"**{formats.plain(name)}**"
        label += _customer_details(shop, customer, room - len(name)) if details else ""
        orders = f":gray[{formats.counted(shop, customer.orders, 'order')}]"
        rows.append(Row(label, {"id": customer.id}, (orders, _amount(shop, customer.revenue))))
    show_rows("customer.py", rows, widths=(120, 120))


def order_rows(shop: Shop, orders: Iterable[OrderSummary], *, of_one_customer: bool = False) -> None:
    """Orders with their status, when they were placed, and their amount."""
    rows, room, year = [], _room(), shop.clock().astimezone(shop.zone).year
    for order in orders:
        number = formats.plain(order.number)
        taken = len(order.number) + (_REFUND if order.refunded else 1)
        name = shortened(formats.name_of(order.customer_name), room - taken)
        label = f"**{number}**" if of_one_customer else f"**{formats.plain(name)}** {number}"
        if order.refunded:
            label += f" :violet[:material/undo: {formats.plain(formats.money(shop, order.refunded))} refunded]"
        placed = f":gray[{formats.plain(formats.brief_moment(shop, order.placed_at, year))}]"
        figures = (formats.status_badge(order.status), placed, _amount(shop, order.total))
        rows.append(Row(label, {"customer": order.customer_id, "id": order.id}, figures))
    show_rows("order.py", rows, widths=(105, 112, 85))


def _amount(shop: Shop, minor: int) -> str:
    return f"**{formats.plain(formats.money(shop, minor))}**"


def _room() -> int:
    """Characters that the label of a row has room for; what is longer would be cut without a sign."""
    return _PHONE_CHARACTERS if client.is_phone() else _CHARACTERS


def shortened(text: str, room: int) -> str:
    """The beginning of a text that is longer than its room, with an ellipsis."""
    return text if len(text) <= room else f"{text[: max(room - 1, 1)].rstrip()}…"


def _customer_details(shop: Shop, customer: CustomerSummary, room: int) -> str:
    """Address, country and tags, as far as there is room for them."""
    parts = [customer.email or "", formats.country(shop, customer.country) if customer.country else ""]
    text = " · ".join(part for part in parts if part)
    shown = shortened(text, room - 1) if room > _LEAST else ""
    fit = len(text) + _TAGS <= room
    badges = [formats.badge(tag, "gray") for tag in customer.tags[:3]] if fit else []
    if customer.archived and fit:
        badges.append(formats.badge("Archived", "orange", ":material/archive:"))
    return " " + " ".join([f":gray[{formats.plain(shown)}]", *badges] if shown else badges)


def show_rows(file: str, rows: Sequence[Row], widths: tuple[int, ...]) -> None:
    """Rows that lead to a page; `widths` in pixels are those of the figures."""
    page = page_of(file)
    with st.container(border=True, gap="xsmall"):
        for row in rows:
            with st.container(
                horizontal=True, vertical_alignment="center", horizontal_alignment="right", gap="xxsmall"
            ):
                st.page_link(page, label=row.label, icon="", help="", width="stretch", query_params=row.query)
                # The figures stay together: where the row is too narrow, they form a second line, and on a phone more.
                whole = sum(widths) + _GAP
                with st.container(horizontal=True, wrap=whole > _PHONE, width=whole, gap="xxsmall"):
                    for text, width in zip(row.figures, widths, strict=True):
                        st.markdown(f":small[{text}]", width=width, text_alignment="right", wrap=False)


class Pager:
    """Remembers the way through a list, page by page. A changed `wanted` begins again at the first page.

    The address holds it too, sealed, because places in a list are made of what is listed. Of a long way the last
    pages are remembered; before them "Previous" leads to the first.
    """

    def __init__(self, name: str, wanted: object) -> None:
        self._name = name
        self._wanted = repr(wanted)
        self._slot: Slot[_Place] = Slot(f"{name}.pages")
        way = address.Way(_START, self._written, self._read)
        _, self._trail = address.keep("page", way, self._slot.key, lambda _: self._slot.get() or _START)

    @property
    def cursor(self) -> str | None:
        """Where the present page begins; None for the first."""
        return self._trail[-1] if self._trail else None

    def show(self, following: str | None) -> None:
        """Renders the way to the previous and the next page, where there is one."""
        trail = self._trail
        if not trail and following is None:
            return
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
            st.caption(f"Page {len(trail) + 1}", width="content")
            before = trail[:-1] if any(trail[:-1]) else []
            after = [*trail, following or ""]
            forgotten = len(after) - _REMEMBERED
            after = [""] * forgotten + after[forgotten:] if forgotten > 0 else after
            self._button("Previous", ":material/chevron_left:", before, enabled=bool(trail))
            self._button("Next", ":material/chevron_right:", after, enabled=following is not None)

    def _button(self, label: str, icon: str, trail: list[str], *, enabled: bool) -> None:
        st.button(
            label,
            icon=icon,
            key=f"{self._name}_{label.lower()}",
            disabled=not enabled,
            on_click=self._slot.set,
            args=((self._wanted, trail),),
        )

    def _written(self, place: _Place) -> list[str]:
        return [address.sealed(self._name, " ".join(place[1]))] if place[1] else []

    def _read(self, words: list[str]) -> _Place:
        text = address.unsealed(self._name, words)
        return (self._wanted, text.split(" ")) if text else _START


def pick_counted(
    shop: Shop, label: str, counts: dict[str, int], name: str, key: str, named: Callable[[str], str]
) -> str:
    """Renders the choice of a tag or country that customers have, most frequent first; "" is any."""
    values = [value for value in counts if value != formats.NO_COUNTRY][:_MOST_OFFERED]
    return (
        filters.pick_any(
            label,
            values,
            name=name,
            key=key,
            words=lambda value: f"{named(value)} ({formats.count(shop, counts.get(value, 0))})",
        )
        or ""
    )
