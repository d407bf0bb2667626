"""Deliverability: whether our mail arrives, how near the providers' lines are, and how the domain is set up."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.deliverability.account import health_of
from backend.services.deliverability.domain import last_report
from pages.components.deliverability import account, domain
from pages.components.sending import limits
from pages.components.ui import caching
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

st.title("Deliverability")
use = limits.use_of(shop)
health = health_of(caching.newest_days(shop), use)
report = last_report(shop)
account.show_verdict(shop, health, domain.concern_of(report))
account.show_gauges(shop, use, health)
account.show_mailboxes(shop, health)
account.show_gmail(shop, health)
domain.show_check()
