"""How far a campaign is, looked at again every second or two while it moves."""

from __future__ import annotations

import streamlit as st

from backend.domain.campaign_figures import CampaignProgress
from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.team import Actor, Permission
from backend.services.campaigns.progress import progress_of
from backend.services.campaigns.saved import get_campaign
from backend.services.context import Shop
from pages.components.campaigns import actions, words
from pages.components.ui import formats
from pages.components.ui.guard import guarded_fragment, require
from pages.components.ui.shell import current_shop

_POLL_SECONDS = 1.5
_MOVING = (CampaignState.SCHEDULED, CampaignState.PREPARING, CampaignState.RUNNING)


def show(shop: Shop, actor: Actor, campaign: Campaign, *, enabled: bool) -> None:
    """Figures and buttons; while it moves, the figures follow by themselves."""
    if enabled:
        failed = progress_of(shop, actor, campaign.id).failed if campaign.state is CampaignState.FINISHED else 0
        actions.show_running(actor, campaign, failed)
    if campaign.state in _MOVING:
        _watch(campaign.id, campaign.state.value)
    else:
        _figures(shop, progress_of(shop, actor, campaign.id))


@guarded_fragment(Permission.VIEW_EMAIL, run_every=_POLL_SECONDS)
def _watch(campaign_id: str, seen: str) -> None:
    shop = current_shop()
    actor = require(Permission.VIEW_EMAIL)
    campaign = get_campaign(shop, actor, campaign_id)
    if campaign.state.value != seen:
        st.rerun()
    _figures(shop, progress_of(shop, actor, campaign_id))


def _figures(shop: Shop, progress: CampaignProgress) -> None:
    st.progress(progress.share, text=_through(shop, progress))
    with st.grid(5, min_column_width=130):
        _card(shop, ":material/outgoing_mail: Sent", progress.sent, _delivered(shop, progress))
        _card(shop, ":material/block: Skipped", progress.skipped_total, "Not eligible")
        _card(shop, ":material/error: Failed", progress.failed, "Not sent")
        _card(shop, ":material/help: Unknown", progress.unknown, _in_doubt(shop, progress))
        waiting = "Not sent" if progress.state is CampaignState.CANCELLED else "Not yet"
        retrying = (
            f"{formats.count(shop, progress.retrying)} being sent or tried again" if progress.retrying else waiting
        )
        _card(shop, ":material/hourglass_empty: Remaining", progress.remaining, retrying)
    if progress.skipped_total:
        with st.expander(f"Why {formats.count(shop, progress.skipped_total)} were skipped", icon=":material/block:"):
            st.markdown(words.reasons(shop, progress.skipped))


def _card(shop: Shop, label: str, number: int, note: str) -> None:
    with st.container(border=True, height="stretch", gap="xxsmall"):
        st.metric(label, formats.count(shop, number))
        st.caption(formats.plain(note))


def _delivered(shop: Shop, progress: CampaignProgress) -> str:
    if not progress.sent:
        return "Nothing yet"
    found = [f"{formats.count(shop, progress.delivered)} delivered"]
    if progress.bounced:
        found.append(f"{formats.count(shop, progress.bounced)} hard bounced")
    if progress.soft_bounced:
        found.append(f"{formats.count(shop, progress.soft_bounced)} soft bounced")
    return ", ".join(found)


def _in_doubt(shop: Shop, progress: CampaignProgress) -> str:
    if progress.resolved:
        return f"{formats.count(shop, progress.resolved)} confirmed sent by later reports"
    return "May have been sent; never retried automatically"


def _through(shop: Shop, progress: CampaignProgress) -> str:
    if progress.state is CampaignState.PREPARING:
        return f"Preparing the recipient list: {formats.count(shop, progress.audience)} so far"
    if not progress.audience:
        return "The recipient list is not prepared yet"
    parts = [f"{formats.percent(shop, progress.share, 0)} of {formats.counted(shop, progress.audience, 'customer')}"]
    if progress.rate and progress.state in _MOVING:
        parts.append(f"{progress.rate:,.1f} emails a second")
    if progress.held_for:
        until = f" until {formats.moment(shop, progress.held_until)}" if progress.held_until else ""
        parts.append(f"waits{until}: {progress.held_for}")
    elif progress.state is CampaignState.RUNNING and progress.seconds_left is not None and progress.remaining:
        parts.append(f"{words.lasting(shop, progress.seconds_left)} left")
    return formats.plain(" · ".join(parts))
