"""How many of each line item: the fields of a parcel and of a refund."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.orders import Order
from backend.services.context import Shop
from pages.components.ui import formats
from pages.components.ui.forms import Form

_ROWS_WITHOUT_SCROLLING = 6
_HEIGHT = 420


def quantities(shop: Shop, form: Form, order: Order, left: Sequence[int], *, preset: Sequence[int] = ()) -> list[int]:
    """Renders a field for each line item of which something is left; returns a number for each line item of the order.

    `preset` is filled in at first.
    """
    shown = sum(1 for most in left if most)
    with st.container(height=_HEIGHT if shown > _ROWS_WITHOUT_SCROLLING else "content", border=False):
        return [
            _quantity(shop, form, order, place, most, preset[place] if preset else 0) for place, most in enumerate(left)
        ]


def key_of(place: int) -> str:
    """The name of the field of a line item."""
    return f"quantity_{place}"


def _quantity(shop: Shop, form: Form, order: Order, place: int, most: int, preset: int) -> int:
    if not most:
        return 0
    line = order.lines[place]
    return st.number_input(
        f"{formats.plain(line.title)} · {formats.plain(formats.count(shop, most))} left",
        min_value=0,
        max_value=most,
        value=min(preset, most),
        step=1,
        key=form.key(key_of(place)),
        persist_state="session",
    )
