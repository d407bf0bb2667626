"""System: whether everything runs, how fast it is, what it costs, what the log says, and what is switched for all."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components.system import controls, now, speed
from pages.components.ui import filters, formats
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop, settings

actor = require(Permission.VIEW_SYSTEM)
shop = current_shop()

st.title("System")
view = filters.pick_view(
    "View",
    ["now", "speed", "cost", "log", "controls"],
    name="view",
    key="system_view",
    words=str.capitalize,
    hidden=True,
)
if view == "speed":
    speed.show_speed(shop, actor)
elif view == "cost":
    speed.show_cost(shop, actor)
elif view == "log":
    speed.show_log(shop)
elif view == "controls":
    controls.show_maintenance(shop, actor)
    controls.show_switches(shop, actor)
else:
    now.show_now()
staging = " (staging: listed recipients only)" if settings().staging else ""
engine = settings().store_url.partition(":")[0]
st.caption(formats.plain(f"Store: {engine}. Emails: {settings().mail_transport}{staging}."))
