"""Why a running campaign sends nothing at the moment, and until when: its hours, the quota, a share that is watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.campaigns import Campaign, CampaignState, Wave
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import text
from backend.services.campaigns.saved import due_campaigns
from backend.services.context import Shop
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Item, Key, Put

QUOTA = "the daily quota is used up"
HOURS = "it is outside sending hours"
_PART = "WAIT"


@dataclass(frozen=True, slots=True)
class Hold:
    """A campaign waits until then, because of that."""

    until: datetime
    reason: str


def hold(shop: Shop, campaign_id: str, until: datetime, reason: str) -> None:
    """Says that a campaign waits. Workers find out by themselves; this is for people to read."""
    shop.store.put(Put(schema.campaign_part_key(campaign_id, _PART), {"until": to_text(until), "reason": reason}))


def current_hold(shop: Shop, campaign_id: str) -> Hold | None:
    """What the campaign waits for now; None when nothing holds it."""
    found = read_one(shop, schema.campaign_part_key(campaign_id, _PART), _hold_from)
    return found if found is not None and found.until > shop.clock() else None


@reads(key_given)
def _hold_from(_: Key, item: Item) -> Hold:
    return Hold(from_text(text(item, "until")), text(item, "reason"))


def held_by_quota(shop: Shop) -> list[tuple[Campaign, Hold]]:
    """Running campaigns that wait for the daily quota."""
    running = [each for each in due_campaigns(shop) if each.state is CampaignState.RUNNING]
    holds = [(each, current_hold(shop, each.id)) for each in running]
    return [(campaign, held) for campaign, held in holds if held is not None and held.reason == QUOTA]


def awaited(campaign: Campaign) -> Hold | None:
    """What a running campaign waits for whose wave is through: its outcome."""
    if campaign.wave_done_at is None or campaign.state is not CampaignState.RUNNING:
        return None
    share = "test group" if campaign.wave is Wave.CANARY else "test"
    return Hold(campaign.wave_done_at + patience_of(campaign), f"waiting for results of the {share}")


def patience_of(campaign: Campaign) -> timedelta:
    """How long the outcome of the wave is awaited. A canary that has the whole test in it waits for both."""
    draft = campaign.draft
    waits = timedelta()
    if campaign.wave is Wave.CANARY and draft.canary is not None:
        waits = draft.canary.wait
    if draft.test is not None and _ends_test(campaign):
        waits = max(waits, draft.test.wait)
    return waits


def _ends_test(campaign: Campaign) -> bool:
    """Whether the better variant is chosen after this wave."""
    if campaign.wave is Wave.CANARY:
        return not campaign.audience.chunks.get(Wave.TEST)
    return campaign.wave is Wave.TEST
