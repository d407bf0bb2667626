"""Other campaigns of the same day, and how many customers would get both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.segment_text import rule_from_text
from backend.domain.team import Actor
from backend.services.campaigns.results import newest_campaigns
from backend.services.context import Shop
from backend.services.segments.audience import count_in_both, count_segment


@dataclass(frozen=True, slots=True)
class Collision:
    """A campaign that goes out on the same day at `at`; `shared` of `size` customers of the segment belong to both."""

    campaign: Campaign
    at: datetime
    shared: int
    size: int


def collisions_of(shop: Shop, actor: Actor, campaign: Campaign, day: date) -> list[Collision]:
    """The other campaigns that go out on a day of the shop, of the newest 200, the earliest first.

    Those whose segments have no customer in common are left out. Counts are as of the snapshot, of segments: who may
    get neither is in them.

    Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    rule = rule_from_text(campaign.rule)
    found: list[Collision] = []
    for other, at in _of_day(shop, actor, day):
        if other.id != campaign.id and (shared := count_in_both(shop, rule, rule_from_text(other.rule))):
            found.append(Collision(other, at, shared, count_segment(shop, rule)))
    return sorted(found, key=lambda each: each.at)


def _of_day(shop: Shop, actor: Actor, day: date) -> Iterator[tuple[Campaign, datetime]]:
    for each in newest_campaigns(shop, actor):
        at = each.started_at or (each.start_at if each.state is CampaignState.SCHEDULED else None)
        if at is not None and at.astimezone(shop.zone).date() == day:
            yield each, at
