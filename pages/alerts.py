"""Alerts: what is wrong now, who is notified, the rules, and earlier alerts."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components.alerts import now, rules
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_SYSTEM)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Alerts", width="content")
    now.offer_test(actor)
now.show_open()
rules.show_notifications(shop, actor)
rules.show_rules(shop, actor)
now.show_past(shop, actor)
rules.RULE.show()
rules.NOTIFICATIONS.show()
