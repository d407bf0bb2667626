"""Plan a campaign, or change one that has not begun: the email, the segment, and the sending options."""

from __future__ import annotations

import streamlit as st

from backend.domain.campaigns import EDITABLE
from backend.domain.team import Permission
from backend.errors import BackendError
from backend.services.campaigns.drafts import new_campaign_id
from backend.services.campaigns.saved import get_campaign
from pages.components.campaigns import form, preview, saving
from pages.components.ui import empty, formats
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop, name_tab

actor = require(Permission.PLAN_CAMPAIGNS)
shop = current_shop()

wanted = st.query_params.get("id", "")
try:
    before = get_campaign(shop, actor, wanted) if wanted else None
except BackendError as error:
    empty.nothing(":material/campaign:", "This campaign does not exist", error.sentence)
    st.page_link(page_of("campaigns.py"), label="All campaigns", help="")
    st.stop()

st.title("Change the campaign" if before else "Plan a campaign")
if before is not None:
    name_tab("Change the campaign", before.name)
if before is not None and before.state not in EDITABLE:
    st.info(
        f"“{formats.plain(before.name)}” is {before.state}; what it sends cannot be changed any more.",
        icon=":material/lock:",
    )
    st.page_link(page_of("campaign.py"), label="Back to the campaign", query_params={"id": before.id}, help="")
    st.stop()

before = saving.as_first_seen(before) if before else None
campaign_id = before.id if before else saving.NEW_ID.once(new_campaign_id)
left, right = st.columns([3, 2], gap="large")
with left:
    fields = saving.form_of(campaign_id)
    with fields.area():
        draft = form.choose(shop, actor, fields.key("draft"), before.draft if before else None)
        saving.save_button(shop, campaign_id, before, draft)
with right:
    preview.show_draft(shop, draft)
