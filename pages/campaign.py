"""One campaign: its check, its plan and approval, how far it is, and what came of it."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import BackendError
from backend.services.campaigns.storing import get_campaign
from pages.components import (
    actions,
    campaign_progress,
    campaign_results,
    campaign_steering,
    campaign_steps,
    campaign_view,
    empty,
)
from pages.components.guard import require
from pages.components.navigation import page_of
from pages.components.shell import shop

actor = require(Permission.VIEW_EMAIL)
here = shop()

try:
    campaign = get_campaign(here, actor, st.query_params.get("id", ""))
except BackendError as error:
    empty.nothing(":material/campaign:", "This campaign does not exist", error.sentence)
    st.page_link(page_of("campaigns.py"), label="All campaigns", help="")
    st.stop()

campaign_view.show_head(here, campaign)
stale = actions.show_refusal()
campaign_steering.show_dialogs()
if campaign_view.has_begun(campaign):
    campaign_progress.show(here, actor, campaign, enabled=not stale)
    campaign_results.show(here, actor, campaign)
else:
    campaign_steps.show(here, actor, campaign, enabled=not stale)
campaign_view.show_question(here, actor, campaign)
campaign_view.show_content(here, campaign)
