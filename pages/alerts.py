"""Alerts: what is wrong now, who is told of it, by which rules, and what was."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components import actions, alerts_now, alerts_rules
from pages.components.guard import require
from pages.components.shell import shop

actor = require(Permission.VIEW_SYSTEM)
here = shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Alerts", width="content")
    alerts_now.offer_test(actor)
actions.show_refusal()
alerts_now.show_open()
alerts_rules.show_telling(here, actor)
alerts_rules.show_rules(here, actor)
alerts_now.show_past(here, actor)
alerts_rules.RULE.show()
alerts_rules.TELLING.show()
