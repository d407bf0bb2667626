"""From the Overview to the questions behind its figures, for the same days."""

from __future__ import annotations

import streamlit as st

from pages.components.ui import address
from pages.components.ui.navigation import page_of

_QUESTIONS = {
    "change": ("Why did it change?", ":material/compare_arrows:"),
    "best": ("Best customers of this period", ":material/emoji_events:"),
    "lapsing": ("Who is about to be lost?", ":material/person_alert:"),
}
_CARRIED = ("period", "period_days", "against")
"""What the address calls the choice of days, on both pages."""


def to_questions() -> None:
    """A link for each, which carries the days along."""
    carried = address.chosen(*_CARRIED)
    with st.container(horizontal=True):
        for view, (label, icon) in _QUESTIONS.items():
            query: dict[str, str | list[str]] = {"view": view, **carried}
            st.page_link(page_of("insights.py"), label=label, icon=icon, help="", query_params=query)
