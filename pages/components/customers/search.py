"""Finds one customer: a search whose matches are buttons."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter
from pages.components.ui import caching, formats

_MATCHES = 8


def search_customers(
    shop: Shop,
    label: str,
    choose: Callable[[str], None],
    *,
    hint: str = "",
    nobody: str = "No match. Type less of the name.",
) -> None:
    """Renders the search; `choose` is called with the id of the customer whose button is pressed.

    `hint` is what to do when nothing has been typed, `nobody` what to do when nobody is found.
    """
    search = st.text_input(
        label,
        type="search",
        live="300ms",
        placeholder="Start of a name or email address",
        icon=":material/search:",
        max_chars=200,
    )
    if not (search or "").strip():
        if hint:
            st.caption(hint)
        return
    try:
        matches = caching.list_customers(shop, CustomerFilter(search), limit=_MATCHES, cursor=None).customers
    except InvalidInputError as error:
        st.caption(formats.plain(error.sentence))
        return
    for match in matches:
        text = f"**{formats.plain(formats.name_of(match.name))}** :gray[{formats.plain(match.email or 'no address')}]"
        st.button(text, key=f"choose_{match.id}", type="tertiary", on_click=choose, args=(match.id,))
    if not matches:
        st.caption(nobody)
