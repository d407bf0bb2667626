"""The list of campaigns: the state of each, and how much of it is done."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.team import Actor
from backend.services.campaigns.progress import progress_of
from backend.services.context import Shop
from pages.components.campaigns import words
from pages.components.ui import formats
from pages.components.ui.table import Badge, Cell, Column, Row, Table, show_table

_WAITING_FOR_PEOPLE = (CampaignState.AWAITING_APPROVAL, CampaignState.OVERDUE, CampaignState.STOPPED)
_COLUMNS = (
    Column("Campaign", "main"),
    Column("Segment"),
    Column("Status", width=180),
    Column("Recipients", "figure", 140),
    Column("When", width=150),
)


def show(here: Shop, actor: Actor, campaigns: Sequence[Campaign]) -> None:
    """First the campaigns that wait for somebody, then the others; each row leads to its campaign."""
    waiting = [campaign for campaign in campaigns if campaign.state in _WAITING_FOR_PEOPLE]
    others = [campaign for campaign in campaigns if campaign.state not in _WAITING_FOR_PEOPLE]
    if waiting:
        st.header(":material/notification_important: Needs your decision")
        show_table(campaign_table(here, actor, waiting), "waiting_campaigns")
        if others:
            st.header("All campaigns")
    if others:
        show_table(campaign_table(here, actor, others), "campaigns")


def campaign_table(here: Shop, actor: Actor, campaigns: Sequence[Campaign]) -> Table:
    """One row for each campaign."""
    year = here.clock().astimezone(here.zone).year
    rows = []
    for campaign in campaigns:
        when = campaign.started_at or campaign.start_at or campaign.changed_at
        cells = (
            Cell(campaign.name),
            Cell(campaign.segment_name, quiet=True),
            Cell(badges=(Badge(*words.look_of(campaign.state)),)),
            Cell(_through(here, actor, campaign)),
            Cell(formats.brief_moment(here, when, year), quiet=True),
        )
        rows.append(Row(campaign.id, cells, {"id": campaign.id}))
    return Table("Campaigns", _COLUMNS, rows, "campaign.py")


def _through(here: Shop, actor: Actor, campaign: Campaign) -> str:
    if campaign.started_at is not None and campaign.audience.whole:
        progress = progress_of(here, actor, campaign.id)
        return f"{formats.count(here, progress.sent)} of {formats.count(here, progress.audience)}"
    if campaign.planned_recipients is not None:
        return f"{formats.count(here, campaign.planned_recipients)} planned"
    return "no plan yet"
