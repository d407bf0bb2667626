"""A hint for a person who sends an email by hand: an automation already sends it."""

from __future__ import annotations

import streamlit as st

from backend.services.automations.saved import sending
from backend.services.context import Shop
from pages.components.automations import words
from pages.components.ui import formats
from pages.components.ui.navigation import page_of


def show(here: Shop, template: str) -> None:
    """One sentence for each automation that is on and sends this email; nothing when none does."""
    for automation in sending(here, template):
        sentence = f"Sent automatically by “{automation.name}”. {words.sentence(here, automation)}"
        st.info(formats.plain(sentence), icon=":material/bolt:")
        st.page_link(
            page_of("automation.py"),
            label="Open automation",
            icon=":material/bolt:",
            query_params={"id": automation.id},
            help="",
        )
