"""How new orders are numbered: the shop's prefix."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.orders import numbers
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.forms import Form


def show(here: Shop) -> None:
    """Renders the field and what the next order is called."""
    numbering = numbers.numbering_of(here)
    form = Form("order_numbers")
    with form.area():
        prefix = st.text_input(
            "Prefix of order numbers",
            numbering.prefix,
            max_chars=10,
            autocomplete="off",
            key=form.key("prefix"),
            persist_state="session",
        )
        told = f"Next number: {numbering.upcoming}. Orders keep the number that they have."
        st.caption(formats.plain(told))
        pressed = form.pressed("Save prefix", changed=prefix != numbering.prefix, stretch=False)
    if pressed:
        saved = actions.attempt(
            Permission.EDIT_SHOP, lambda actor: numbers.change_prefix(here, actor, prefix), "Prefix saved."
        )
        if isinstance(saved, Trouble):
            actions.show_trouble(saved)
        else:
            form.done()
            st.rerun()
