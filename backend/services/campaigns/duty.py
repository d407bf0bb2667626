"""What workers do about campaigns beside sending: begin them, freeze audiences, watch, reopen, close, count orders.

Any number of workers may tend; each change is on condition of the version that was read, so one of them does it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

from loguru import logger

from backend.domain.campaigns import LATE, Campaign, CampaignState
from backend.errors import BackendError, ConflictError, InvalidInputError, NotFoundError, TemplateError
from backend.services.campaigns.audience import freeze_some
from backend.services.campaigns.measured_rate import note_pace
from backend.services.campaigns.orders_after import count_orders
from backend.services.campaigns.oversight import watch
from backend.services.campaigns.progress import figures_of
from backend.services.campaigns.saved import WORKER, change, due_campaigns
from backend.services.campaigns.settlement import close_some, reopen_some
from backend.services.context import Shop
from backend.services.snapshots.info import SnapshotMissingError

BUSY_REST = 1.0
IDLE_REST = 2.0
_SLICE = 2.0
"""Seconds for one campaign, so that others are not forgotten."""
_COUNT_AGAIN = timedelta(hours=6)


def tend_campaigns(shop: Shop) -> float:
    """One round over all campaigns that are due; returns how many seconds to rest."""
    campaigns = due_campaigns(shop)
    for campaign in campaigns:
        try:
            _tend(shop, campaign)
        except ConflictError:
            continue  # somebody was faster; the next round sees what it is now
        except SnapshotMissingError:
            logger.info("Campaign {} waits for the first snapshot of the customers", campaign.id)
        except BackendError as error:
            logger.warning("Campaign {}: {}", campaign.id, type(error).__name__)
    return BUSY_REST if campaigns else IDLE_REST


def _tend(shop: Shop, campaign: Campaign) -> None:
    if campaign.state is CampaignState.SCHEDULED:
        campaign = _begin(shop, campaign)
    if campaign.state is CampaignState.PREPARING:
        campaign = _freeze(shop, campaign)
    if campaign.state is CampaignState.RUNNING and campaign.reopening:
        campaign = reopen_some(shop, campaign, time.monotonic() + _SLICE)
    if campaign.state is CampaignState.RUNNING:
        figures = figures_of(shop, campaign.id)
        note_pace(shop, campaign.id, figures["sent"])
        watch(shop, campaign, figures)
    elif campaign.state is CampaignState.CANCELLED:
        if close_some(shop, campaign, time.monotonic() + _SLICE):
            _count(shop, campaign)
    elif campaign.state is CampaignState.FINISHED:
        _count(shop, campaign)


def _begin(shop: Shop, campaign: Campaign) -> Campaign:
    """Starts it, unless its hour has passed: then a person decides."""
    now = shop.clock()
    late = now - (campaign.start_at or now)
    if late > LATE:
        reason = f"It should have begun {int(late.total_seconds() // 60):,} minutes ago, and no worker was running."
        after = replace(campaign, state=CampaignState.OVERDUE, reason=reason, due_at=None)
        return change(shop, WORKER, campaign, after, "found a campaign overdue", reason)
    after = replace(campaign, state=CampaignState.PREPARING, started_at=now, due_at=now)
    return change(shop, WORKER, campaign, after, "began a campaign")


def _freeze(shop: Shop, campaign: Campaign) -> Campaign:
    """Goes on with the audience. What no waiting mends, such as a template that is gone, is for a person to look at."""
    try:
        return freeze_some(shop, campaign, _SLICE)
    except (NotFoundError, InvalidInputError, TemplateError) as error:
        paused = replace(campaign, state=CampaignState.PAUSED, reason=error.sentence, due_at=None)
        return change(shop, WORKER, campaign, paused, "paused a campaign", error.sentence)


def _count(shop: Shop, campaign: Campaign) -> None:
    """Counts the orders that came after it, from time to time, until their days are over."""
    orders, figures = count_orders(shop, campaign), figures_of(shop, campaign.id)
    nobody_got_it = not figures["sent"] and not figures["unknown"]
    due = None if orders.final or nobody_got_it else shop.clock() + _COUNT_AGAIN
    change(shop, WORKER, campaign, replace(campaign, due_at=due))
