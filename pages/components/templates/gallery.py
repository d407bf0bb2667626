"""The gallery of emails: a thumbnail of each, what it is for, and how it is used."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.emails import Kind
from backend.domain.templates import TemplateState
from backend.services.context import Shop
from backend.services.templates.overview import USAGE_DAYS, EmailCard
from pages.components.templates import email_frame
from pages.components.ui import formats
from pages.components.ui.caching import who
from pages.components.ui.navigation import page_of

KIND_LABELS = {Kind.TRANSACTIONAL: "Transactional", Kind.MARKETING: "Marketing"}
KIND_ICONS = {Kind.TRANSACTIONAL: ":material/receipt_long:", Kind.MARKETING: ":material/campaign:"}
KIND_COLORS = {Kind.TRANSACTIONAL: "blue", Kind.MARKETING: "violet"}
KIND_MEANINGS = {
    Kind.TRANSACTIONAL: "Sent in response to what a customer did, so no consent is needed.",
    Kind.MARKETING: "Sent to subscribers only, with an unsubscribe link.",
}
_THUMBNAIL = 230


def kind_badge(kind: Kind) -> str:
    """Markdown for the badge of a kind."""
    return formats.badge(KIND_LABELS[kind], KIND_COLORS[kind], KIND_ICONS[kind])


def version_words(shop: Shop, state: TemplateState) -> str:
    """Which version is in use and since when, as plain text."""
    if state.number == 0 or state.published_at is None:
        return "Tillpost default"
    return (
        f"Version {state.number}, published by {who(state.published_by)} on {formats.moment(shop, state.published_at)}"
    )


def show(shop: Shop, cards: Sequence[EmailCard]) -> None:
    """The cards under a heading for each kind."""
    for kind in Kind:
        group = [card for card in cards if card.state.facts.kind is kind]
        if group:
            st.header(f"{KIND_ICONS[kind]} {KIND_LABELS[kind]}", anchor=False)
            st.caption(KIND_MEANINGS[kind])
            with st.grid(4, min_column_width=230):
                for card in group:
                    _show_card(shop, card)


def _show_card(shop: Shop, card: EmailCard) -> None:
    state, title = card.state, formats.plain(card.state.facts.title)
    with st.container(border=True, gap="xsmall", key=f"email_{state.facts.name}"):
        if card.email is not None:
            email_frame.show_thumbnail(card.email.html, f"How “{state.facts.title}” looks", height=_THUMBNAIL)
        st.page_link(
            page_of("template.py"), label=f"**{title}**", icon="", help="", query_params={"name": state.facts.name}
        )
        st.caption(formats.plain(state.facts.purpose))
        st.markdown(_usage(shop, card))
        for badge in _badges(card):
            st.markdown(badge)


def _usage(shop: Shop, card: EmailCard) -> str:
    usage = card.usage
    parts = [
        f"{formats.count(shop, usage.sent)} sent in {USAGE_DAYS} days" if usage.sent else f"None in {USAGE_DAYS} days"
    ]
    if usage.open_rate is not None:
        parts.append(f"about {formats.percent(shop, usage.open_rate)} opened")
    parts.append(f"version {card.state.number}" if card.state.number else "default")
    return f":small[:gray[{formats.plain(' · '.join(parts))}]]"


def _badges(card: EmailCard) -> list[str]:
    badges = []
    if card.state.edited_by:
        badges.append(formats.badge(f"{who(card.state.edited_by)} is editing", "orange", ":material/edit:"))
    if card.problems:
        badges.append(formats.badge("Cannot be sent yet", "red", ":material/error:"))
    return badges
