"""The way from a draft to a start, step by step: check every recipient, look at the plan, have it approved, start."""

from __future__ import annotations

import streamlit as st

from backend.domain.campaign_figures import Plan, Preflight, PreflightStatus
from backend.domain.campaigns import EDITABLE, Campaign, CampaignState
from backend.domain.team import Actor, Permission
from backend.errors import BackendError
from backend.services.campaigns import plan as planning
from backend.services.campaigns import preflights
from backend.services.campaigns.saved import get_campaign
from backend.services.context import Shop
from pages.components.campaigns import (
    actions as campaign_steering,
)
from pages.components.campaigns import (
    plan as campaign_plan,
)
from pages.components.campaigns import (
    preflight as campaign_preflight,
)
from pages.components.ui import actions, formats
from pages.components.ui.guard import guarded_fragment, require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import mailer, shop

_POLL_SECONDS = 1.0
_BUSY = (PreflightStatus.WAITING, PreflightStatus.RUNNING)


def show(here: Shop, actor: Actor, campaign: Campaign, *, enabled: bool) -> None:
    """What is done already, and the next step with its button."""
    if campaign.state is CampaignState.CANCELLED:
        campaign_steering.duplicate_button(campaign)
        return
    preflight = preflights.get_preflight(here, actor, campaign.id)
    if preflight is not None and preflight.status in _BUSY:
        st.header("1. Check every recipient")
        _watch(campaign.id)
        return
    _show_preflight(here, actor, campaign, preflight, enabled=enabled)
    if preflight is None or preflight.status is PreflightStatus.FAILED or not preflight.is_current:
        return
    plan = _plan_of(here, actor, campaign)
    if plan is None:
        return
    _show_plan(here, actor, campaign, plan, enabled=enabled)
    if campaign.state is not CampaignState.DRAFT:
        campaign_steering.show_start(here, actor, campaign, enabled=enabled)
    if campaign.start_at is not None and campaign.state is CampaignState.SCHEDULED:
        _await_start(campaign.id)


@guarded_fragment(Permission.VIEW_EMAIL, run_every=2 * _POLL_SECONDS)
def _await_start(campaign_id: str) -> None:
    """Looks whether a worker has taken the campaign, so that the page shows its sending by itself."""
    campaign = get_campaign(shop(), require(Permission.VIEW_EMAIL), campaign_id)
    if campaign.state is not CampaignState.SCHEDULED:
        st.rerun()
    if campaign.start_at is not None and campaign.start_at <= shop().clock():
        st.caption(":material/hourglass_top: Starting …")


def _show_preflight(
    here: Shop, actor: Actor, campaign: Campaign, preflight: Preflight | None, *, enabled: bool
) -> None:
    st.header("1. Check every recipient")
    if preflight is None:
        st.caption("Every email is rendered before the first one is sent, so nobody gets a broken email.")
    else:
        campaign_preflight.show(here, preflight)
    if campaign.state not in EDITABLE:
        return
    if not actor.may(Permission.PLAN_CAMPAIGNS):
        st.caption("Staff and managers can check and start it.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        actions.button(
            "Check all recipients" if preflight is None else "Check again",
            _run_preflight,
            campaign,
            icon=":material/fact_check:",
            type="primary" if preflight is None or not preflight.is_current else "secondary",
            disabled=not enabled,
            key="campaign_preflight",
        )
        query = {"id": campaign.id}
        st.page_link(
            page_of("new_campaign.py"), label="Edit campaign", icon=":material/edit:", query_params=query, help=""
        )


def _run_preflight(seen: Campaign) -> None:
    def run(actor: Actor) -> None:
        preflights.run_preflight(shop(), actor, seen.id, seen_version=seen.version)

    actions.act(Permission.PLAN_CAMPAIGNS, run, "")


@guarded_fragment(Permission.VIEW_EMAIL, run_every=_POLL_SECONDS)
def _watch(campaign_id: str) -> None:
    """Looks each second how far the check is."""
    here = shop()
    actor = require(Permission.VIEW_EMAIL)
    preflight = preflights.get_preflight(here, actor, campaign_id)
    if preflight is None or preflight.status not in _BUSY:
        st.rerun()
    checked, total = formats.count(here, preflight.checked), formats.count(here, preflight.total)
    text = f"{checked} of {total} checked" if preflight.total else "Starting"
    st.progress(preflight.share, text=text)
    st.caption("You can leave this page; the check continues.")


def _plan_of(here: Shop, actor: Actor, campaign: Campaign) -> Plan | None:
    try:
        return planning.get_plan(here, mailer(), actor, campaign.id)
    except BackendError as error:
        st.header("2. The plan")
        st.error(formats.plain(error.sentence), icon=":material/error:")
        return None


def _show_plan(here: Shop, actor: Actor, campaign: Campaign, plan: Plan, *, enabled: bool) -> None:
    st.header("2. The plan")
    campaign_plan.show(here, plan)
    if not actor.may(Permission.PLAN_CAMPAIGNS):
        return
    found, taken = (plan.recipients, plan.audience), (campaign.planned_recipients, campaign.planned_segment)
    differs = campaign.state is CampaignState.PLANNED and found != taken
    if differs:
        st.info("The numbers have changed since the plan was confirmed.", icon=":material/info:")
    if differs or campaign.state is CampaignState.DRAFT:
        actions.button(
            "Confirm plan",
            _take_plan,
            campaign,
            icon=":material/task_alt:",
            type="primary",
            disabled=not enabled or plan.recipients == 0,
            key="campaign_plan",
        )


def _take_plan(seen: Campaign) -> None:
    def take(actor: Actor) -> None:
        planning.plan(shop(), mailer(), actor, seen.id, seen_version=seen.version)

    actions.act(Permission.PLAN_CAMPAIGNS, take, "Plan confirmed. Nothing is sent yet.")
