"""Deliverability: whether our mail arrives, how near the providers' lines are, and how the domain is set up."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.deliverability import health_of
from backend.services.domain_check import last_report
from pages.components import actions, caching, deliverability_domain, deliverability_view, send_limits
from pages.components.guard import require
from pages.components.shell import shop

actor = require(Permission.VIEW_EMAIL)
here = shop()

st.title("Deliverability")
actions.show_refusal()
use = send_limits.use_of(here)
health = health_of(caching.newest_days(here), use)
report = last_report(here)
deliverability_view.show_verdict(here, health, deliverability_domain.concern_of(report))
deliverability_view.show_gauges(here, use, health)
deliverability_view.show_mailboxes(here, health)
deliverability_view.show_gmail(here, health)
deliverability_domain.show_check()
