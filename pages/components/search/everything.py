"""The field above every page that finds customers, orders, emails, campaigns, segments and pages."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Actor
from backend.services.context import Shop
from backend.services.search.everything import LONGEST, SHORTEST, Hit, HitKind, is_in
from pages.components.ui import caching, formats, keystrokes, navigation
from pages.components.ui.navigation import page_of

_PLACES = {
    HitKind.ORDER: ("order.py", ":material/receipt:", "id"),
    HitKind.CUSTOMER: ("customer.py", ":material/person:", "id"),
    HitKind.MESSAGE: ("message.py", ":material/mail:", "id"),
    HitKind.CAMPAIGN: ("campaign.py", ":material/campaign:", "id"),
    HitKind.SEGMENT: ("segment.py", ":material/filter_alt:", "id"),
    HitKind.EMAIL: ("template.py", ":material/draft:", "name"),
    HitKind.PRODUCT: ("product.py", ":material/inventory_2:", "id"),
}
"""The page of what was found, its icon, and what the page calls its id."""


def show(shop: Shop, actor: Actor, page: str) -> None:
    """The field, and below it what was found. It is empty again on another page, and about another subject there."""
    subject = st.query_params.get("id", "")[:40]
    with st.container(key=keystrokes.SEARCH):
        text = st.text_input(
            "Search everything",
            type="search",
            live="300ms",
            placeholder="Search everything (Ctrl+K)",
            icon=":material/search:",
            max_chars=LONGEST,
            label_visibility="collapsed",
            width=400,
            key=f"everything_{page}_{subject}",
        )
    if len((text or "").strip()) < SHORTEST:
        return
    hits = caching.search_everything(shop, actor, text)
    pages = [each for each in navigation.PAGES if navigation.shown_to(actor, each) and is_in(text, each.title)]
    with st.container(border=True, gap="xxsmall"):
        for hit in hits:
            _link(hit)
        for each in pages:
            st.page_link(page_of(each.file), label=f"{each.title} :gray[Page]", icon=each.icon, help="")
        if not hits and not pages:
            st.caption(
                "Nothing found. Type the beginning of a name or email address, a whole order number or message id, "
                "or a part of the name of a product, email, campaign, segment or page."
            )


def _link(hit: Hit) -> None:
    file, icon, name = _PLACES[hit.kind]
    title = formats.name_of(hit.title) if hit.kind is HitKind.CUSTOMER else hit.title
    detail = " · ".join(filter(None, (hit.kind.value, hit.detail)))
    query = {name: hit.id} | ({"customer": hit.customer_id} if hit.customer_id else {})
    label = f"**{formats.plain(title)}** :gray[{formats.plain(detail)}]"
    st.page_link(page_of(file), label=label, icon=icon, help="", query_params=query)
