"""What lists have around their rows: the way from page to page, and the choice of what customers have."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.services.context import Shop
from pages.components.ui import address, filters, formats
from pages.components.ui.state import Slot, field_of

ROWS = 20
"""Rows of a page of a list, unless somebody chooses more."""
_SIZES = (ROWS, 50, 100)
_MOST_OFFERED = 500
_REMEMBERED = 5
_Place = tuple[str, list[str]]
"""What is listed, and where each page after the first begins; "" for one that is forgotten."""
_START: _Place = ("", [])


class Pager:
    """Remembers the way through a list, page by page. A changed `wanted` begins again at the first page.

    `rows` is how many a page has; in a `sized` list people choose it.
    The address holds it too, sealed, because places in a list are made of what is listed. Of a long way the last
    pages are remembered; before them "Previous" leads to the first.
    """

    def __init__(self, name: str, wanted: object, *, sized: bool = False) -> None:
        self._name = name
        self._sized = sized
        self.rows = self._chosen_rows() if sized else ROWS
        self._wanted = repr((wanted, self.rows))
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
        if not trail and following is None and self.rows == ROWS:
            return
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="right"):
            if self._sized:
                st.selectbox(
                    "Rows on a page",
                    _SIZES,
                    format_func=lambda size: f"{size} rows",
                    key=f"{self._name}_rows",
                    persist_state="session",
                    label_visibility="collapsed",
                    width=120,
                )
            st.caption(f"Page {len(trail) + 1}", width="content")
            before = trail[:-1] if any(trail[:-1]) else []
            after = [*trail, following or ""]
            forgotten = len(after) - _REMEMBERED
            after = [""] * forgotten + after[forgotten:] if forgotten > 0 else after
            self._button("Previous", ":material/chevron_left:", before, enabled=bool(trail))
            self._button("Next", ":material/chevron_right:", after, enabled=following is not None)

    def _chosen_rows(self) -> int:
        """Known before the choice is drawn, which is below the list."""
        size = field_of(f"{self._name}_rows", ROWS)
        return address.keep("rows", address.one_of(_SIZES, ROWS), size.key, lambda _: size.get() or ROWS)

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
