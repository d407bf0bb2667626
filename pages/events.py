"""Events: what the mail provider reports, what could not be taken in, and the fire drill."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components import actions, events_dead, events_drill, events_health
from pages.components.guard import require
from pages.components.shell import shop

actor = require(Permission.VIEW_SYSTEM)
here = shop()

st.title("Events")
st.caption(
    "What the mail provider reports about sent emails: accepted, delivered, bounced, marked as spam, opened, clicked."
)
actions.show_refusal()
events_health.show_health()

st.header("Fire drill")
events_drill.show_drill(actor)

st.header("Dead letters")
events_dead.show_dead_letters(actor, here)
events_dead.show_dialogs()
