"""Campaigns: the list of all, and the way to plan one."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.campaigns.saved import list_campaigns
from backend.services.list_exports import export_campaigns
from pages.components.campaigns import view
from pages.components.ui import empty, tables
from pages.components.ui.downloads import offer_export
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Campaigns", width="content")
    with st.container(horizontal=True, width="content", vertical_alignment="center"):
        offer_export(shop, actor, "campaigns", lambda who, to, kind: export_campaigns(shop, who, to, kind))
        if actor.may(Permission.PLAN_CAMPAIGNS):
            st.page_link(page_of("new_campaign.py"), label="Plan a campaign", icon=":material/add:", help="")

pager = tables.Pager("campaigns", "all", sized=True)
page = list_campaigns(shop, actor, limit=pager.rows, cursor=pager.cursor)
if page.campaigns:
    view.show_list(shop, actor, page.campaigns)
elif actor.may(Permission.PLAN_CAMPAIGNS):
    empty.nothing(
        ":material/campaign:",
        "No campaigns yet",
        "Plan one: choose an email and a segment. Everybody is checked before anything is sent.",
    )
else:
    empty.nothing(":material/campaign:", "No campaigns yet", "Staff and managers can plan one.")
pager.show(page.cursor)
