"""One campaign: its check, its plan and approval, its progress and its results."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import BackendError
from backend.services.campaigns.saved import get_campaign
from pages.components.campaigns import actions as campaign_steering
from pages.components.campaigns import progress, results, steps, view
from pages.components.ui import actions, empty
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

try:
    campaign = get_campaign(shop, actor, st.query_params.get("id", ""))
except BackendError as error:
    empty.nothing(":material/campaign:", "This campaign does not exist", error.sentence)
    st.page_link(page_of("campaigns.py"), label="All campaigns", help="")
    st.stop()

view.show_head(shop, campaign)
stale = actions.is_stale()
campaign_steering.show_dialogs()
if view.has_begun(campaign):
    progress.show(shop, actor, campaign, enabled=not stale)
    results.show(shop, actor, campaign)
else:
    steps.show(shop, actor, campaign, enabled=not stale)
view.show_question(shop, actor, campaign)
view.show_content(shop, campaign)
