"""System: whether everything runs, how fast it is, what it costs, and what the log says."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components import actions, filters, formats, system_cost, system_log, system_now, system_speed
from pages.components.guard import require
from pages.components.shell import settings, shop

actor = require(Permission.VIEW_SYSTEM)
here = shop()

st.title("System")
actions.show_refusal()
view = filters.pick_view(
    "View", ["now", "speed", "cost", "log"], name="view", key="system_view", words=str.capitalize, hidden=True
)
if view == "speed":
    system_speed.show_speed(here, actor)
elif view == "cost":
    system_cost.show_cost(here, actor)
elif view == "log":
    system_log.show_log(here)
else:
    system_now.show_now()
st.caption(formats.plain(f"Store: {settings().store_url.partition(':')[0]}. Emails: {settings().mail_transport}."))
