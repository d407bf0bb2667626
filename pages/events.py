"""Events: what the mail provider reports, dead letters, and the fire drill."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components.events import dead_letters, fire_drill, health
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_SYSTEM)
shop = current_shop()

st.title("Events")
st.caption(
    "What the mail provider reports about sent emails: accepted, delivered, bounced, marked as spam, opened, clicked."
)
health.show_health()

st.header("Fire drill")
fire_drill.show_drill(actor)

st.header("Dead letters")
dead_letters.show_dead_letters(actor, shop)
dead_letters.show_dialogs()
