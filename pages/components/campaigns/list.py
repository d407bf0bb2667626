"""The list of campaigns: the state of each, and how much of it is done."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.team import Actor
from backend.services.campaigns.progress import progress_of
from backend.services.context import Shop
from pages.components.campaigns import words
from pages.components.ui import formats, tables
from pages.components.ui.tables import Row

_WAITING_FOR_PEOPLE = (CampaignState.AWAITING_APPROVAL, CampaignState.OVERDUE, CampaignState.STOPPED)
_WIDTHS = (165, 120, 130)


def show(here: Shop, actor: Actor, campaigns: Sequence[Campaign]) -> None:
    """First the campaigns that wait for somebody, then the others; each row leads to its campaign."""
    waiting = [campaign for campaign in campaigns if campaign.state in _WAITING_FOR_PEOPLE]
    others = [campaign for campaign in campaigns if campaign.state not in _WAITING_FOR_PEOPLE]
    if waiting:
        st.header(":material/notification_important: Needs your decision")
        _rows(here, actor, waiting)
        if others:
            st.header("All campaigns")
    if others:
        _rows(here, actor, others)


def _rows(here: Shop, actor: Actor, campaigns: Sequence[Campaign]) -> None:
    year = here.clock().astimezone(here.zone).year
    rows = []
    for campaign in campaigns:
        label = f"**{formats.plain(campaign.name)}** :gray[to {formats.plain(campaign.segment_name)}]"
        when = campaign.started_at or campaign.start_at or campaign.changed_at
        moment = f":gray[{formats.plain(formats.brief_moment(here, when, year))}]"
        figures = (words.state_badge(campaign.state), _through(here, actor, campaign), moment)
        rows.append(Row(label, {"id": campaign.id}, figures))
    tables.show_rows("campaign.py", rows, widths=_WIDTHS)


def _through(here: Shop, actor: Actor, campaign: Campaign) -> str:
    if campaign.started_at is not None and campaign.audience.whole:
        progress = progress_of(here, actor, campaign.id)
        return f"**{formats.count(here, progress.sent)}** of {formats.count(here, progress.audience)}"
    if campaign.planned_recipients is not None:
        return f"{formats.count(here, campaign.planned_recipients)} planned"
    return ":gray[no plan yet]"
