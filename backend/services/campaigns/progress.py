"""How far campaigns are, from counters that the workers keep; a few reads however large the audience."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from backend.domain.campaign_figures import CampaignProgress
from backend.domain.campaigns import Campaign, CampaignState
from backend.domain.team import Actor, Permission
from backend.services.campaigns.holds import awaited, current_hold
from backend.services.campaigns.measured_rate import samples_of
from backend.services.campaigns.saved import read_campaign
from backend.services.context import Shop
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Query, pages_of

_ENDINGS = ("sent", "failed", "unknown", "skipped")
_UNDER_WAY = frozenset({CampaignState.RUNNING})


def progress_of(shop: Shop, actor: Actor, campaign_id: str) -> CampaignProgress:
    """What has become of the audience so far.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    actor.require(Permission.VIEW_EMAIL)
    with access_pattern("progress of a campaign"):
        return progress_in(shop, read_campaign(shop, campaign_id))


def progress_in(shop: Shop, campaign: Campaign) -> CampaignProgress:
    """The progress of a campaign that was just read."""
    figures = figures_of(shop, campaign.id) if campaign.started_at else Counter()
    running = campaign.state in _UNDER_WAY
    hold = (awaited(campaign) or current_hold(shop, campaign.id)) if running else None
    remaining = campaign.audience.size - sum(figures[name] for name in _ENDINGS)
    rate = _rate(shop, campaign, figures["sent"])
    return CampaignProgress(
        state=campaign.state,
        audience=campaign.audience.size,
        holdout=campaign.audience.holdout,
        sent=figures["sent"],
        failed=figures["failed"],
        unknown=figures["unknown"],
        resolved=figures["resolved"],
        skipped={name.removeprefix("skip:"): n for name, n in sorted(figures.items()) if n and "skip:" in name},
        remaining=remaining,
        retrying=figures["retrying"],
        rate=rate,
        seconds_left=remaining / rate if running and rate and hold is None else None,
        held_until=hold.until if hold else None,
        held_for=hold.reason if hold else "",
        delivered=figures["delivered"],
        bounced=figures["bounced"],
        soft_bounced=figures["soft_bounced"],
        complained=figures["complained"],
        opened=figures["opened"],
        clicked=figures["clicked"],
        unsubscribed=figures["unsubscribed"],
        reason=campaign.reason,
    )


def figures_of(shop: Shop, campaign_id: str) -> Counter[str]:
    """All counters of a campaign by name: how messages ended, and what was reported of them."""
    total: Counter[str] = Counter()
    for prefix in (schema.SENT, schema.STATS):
        rows = pages_of(
            shop.store, Query(schema.MAIL, schema.campaign_partition(campaign_id), begins_with=prefix, consistent=True)
        )
        for counts in readable(shop, rows, lambda _, item: _numbers(item)):
            total.update(counts)
    return total


def _rate(shop: Shop, campaign: Campaign, sent: int) -> float:
    """Emails a second: of the last minute while it runs, of all of it once it has ended."""
    now = shop.clock()
    if campaign.state in _UNDER_WAY:
        samples = samples_of(shop, campaign.id)
        return _speed(samples[0][0], now, sent - samples[0][1]) if samples else 0.0
    if campaign.ended_at and campaign.started_at:
        return _speed(campaign.started_at, campaign.ended_at, sent)
    return 0.0


def _speed(begin: datetime, end: datetime, count: int) -> float:
    seconds = (end - begin).total_seconds()
    return round(count / seconds, 2) if seconds > 0 else 0.0


def _numbers(item: Item) -> dict[str, int]:
    return {name: value for name, value in item.items() if isinstance(value, int) and not isinstance(value, bool)}
