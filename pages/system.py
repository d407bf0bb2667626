"""System: whether everything runs, how fast it is, what it costs, and what the log says."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components import actions, formats, system_cost, system_log, system_now, system_speed
from pages.components.guard import require
from pages.components.shell import settings, shop

actor = require(Permission.VIEW_SYSTEM)
here = shop()

st.title("System")
actions.show_refusal()
view = st.segmented_control(
    "View",
    ["Now", "Speed", "Cost", "Log"],
    default="Now",
    required=True,
    key="system_view",
    label_visibility="collapsed",
    format_func=formats.legible(str),
)
if view == "Speed":
    system_speed.show_speed(here, actor)
elif view == "Cost":
    system_cost.show_cost(here, actor)
elif view == "Log":
    system_log.show_log(here)
else:
    system_now.show_now()
st.caption(formats.plain(f"Store: {settings().store_url.partition(':')[0]}. Emails: {settings().mail_transport}."))
