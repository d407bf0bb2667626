"""Emails: every message that the shop can send, as it looks, with how often it was sent."""

from __future__ import annotations

import streamlit as st

from backend.domain.emails import Kind
from backend.domain.team import Permission
from backend.domain.text import fold
from pages.components.templates import gallery
from pages.components.ui import caching, empty, filters
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

st.title("Emails")
with st.container(horizontal=True, vertical_alignment="bottom"):
    kind = filters.pick_pill("Kind", list(Kind), name="kind", key="emails_kind", words=gallery.KIND_LABELS.__getitem__)
    search = filters.search("Search", "Title or purpose", name="search", key="emails_search", longest=100, width=320)

cards = [
    card
    for card in caching.email_cards(shop)
    if kind in (None, card.state.facts.kind)
    and fold(search.strip()) in fold(f"{card.state.facts.title} {card.state.facts.purpose}")
]
if cards:
    gallery.show(shop, cards)
else:
    empty.nothing(":material/search_off:", "No email matches", "Clear the kind, or search for another word.")
