"""Alerts: what is wrong now, who is told of it, by which rules, and what was."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components.alerts import now, rules
from pages.components.ui import actions
from pages.components.ui.guard import require
from pages.components.ui.shell import shop

actor = require(Permission.VIEW_SYSTEM)
here = shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Alerts", width="content")
    now.offer_test(actor)
actions.show_refusal()
now.show_open()
rules.show_notifications(here, actor)
rules.show_rules(here, actor)
now.show_past(here, actor)
rules.RULE.show()
rules.NOTIFICATIONS.show()
