"""Campaigns written without a snapshot of the customers, for tests that only look at what reading them costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.campaign_figures import Preflight, PreflightStatus
from backend.domain.campaigns import Campaign, CampaignState, Draft
from backend.domain.emails import Kind
from backend.domain.messages import SkipReason
from backend.domain.segment_text import rule_text
from backend.domain.segments import Rule
from backend.services.campaigns import audience, preflights, saved
from backend.services.context import Shop
from backend.services.sending import chunks
from backend.services.sending.chunks import StepResult
from backend.store.port import Put
from tests.support import STAFF


def sample_campaigns(shop: Shop, customer_ids: Sequence[str], number: int = 25) -> Campaign:
    """So many campaigns to these customers, each with its audience; the first step of the last one has been saved."""
    for place in range(number):
        campaign = _running(shop, f"SAMPLE{place:02}", customer_ids)
    held = chunks.take(shop, campaign, campaign.wave)
    assert held is not None
    skipped = dict.fromkeys(range(10), SkipReason.NO_CONSENT)
    chunks.save(shop, held, StepResult(10, skipped=skipped), release=True)
    return campaign


def sample_preflight(shop: Shop, campaign: Campaign) -> None:
    waiting = Preflight(PreflightStatus.WAITING, campaign.content, shop.clock())
    shop.store.put(Put(preflights._key(campaign.id), preflights._waiting(waiting, campaign.id)))


def _running(shop: Shop, campaign_id: str, customer_ids: Sequence[str]) -> Campaign:
    now = shop.clock()
    campaign = Campaign(
        id=campaign_id,
        draft=Draft("Mugs", "announcement", "EVERYBODY1", fields={"headline": "Mugs", "message": "They are blue."}),
        kind=Kind.MARKETING,
        template_version=0,
        segment_name="Everybody",
        rule=rule_text(Rule()),
        state=CampaignState.PREPARING,
        created_at=now,
        created_by=STAFF.username,
        changed_at=now,
        started_at=now,
        due_at=now,
    )
    saved.create(shop, STAFF, campaign, "created a campaign")
    return audience._whole(shop, audience._with_block(shop, replace(campaign), sorted(customer_ids)))
