"""How far campaigns are, from counters that the workers keep; a few reads however large the audience."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.campaign_figures import CampaignProgress
from backend.domain.campaigns import Campaign, CampaignState, Wave
from backend.domain.team import Actor, Permission
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import rows, text
from backend.services.campaigns.saved import due_campaigns, read_campaign
from backend.services.context import Shop
from backend.services.unreadable.items import read_one, readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Key, Put, Query, Value, pages_of

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


# --- Measured rate: samples of the last minute -------------------------------------------------------------------


BETWEEN = timedelta(seconds=3)
WINDOW = timedelta(seconds=60)
_PART = "PACE"


def note_pace(shop: Shop, campaign_id: str, sent: int) -> None:
    """Adds a sample of how many were sent, if the last one is a few seconds old. Of two workers at once one counts."""
    now = shop.clock()
    samples = samples_of(shop, campaign_id)
    if samples and now - samples[-1][0] < BETWEEN:
        return
    kept = [sample for sample in samples if now - sample[0] <= WINDOW]
    kept.append((now, sent))
    values: list[Value] = [[to_text(at), count] for at, count in kept]
    shop.store.put(Put(schema.campaign_part_key(campaign_id, _PART), {"samples": values}))


def samples_of(shop: Shop, campaign_id: str) -> list[tuple[datetime, int]]:
    """Moments, and how many emails had been sent by then; the oldest first."""
    return read_one(shop, schema.campaign_part_key(campaign_id, _PART), _samples_from) or []


@reads(key_given)
def _samples_from(_: Key, item: Item) -> list[tuple[datetime, int]]:
    return [(from_text(str(at)), int(str(count))) for at, count in rows(item, "samples")]


# --- Holds: why a running campaign sends nothing at the moment, and until when -----------------------------------


QUOTA = "the daily quota is used up"
HOURS = "it is outside sending hours"
_HOLD = "WAIT"


@dataclass(frozen=True, slots=True)
class Hold:
    """A campaign waits until then, because of that."""

    until: datetime
    reason: str


def hold(shop: Shop, campaign_id: str, until: datetime, reason: str) -> None:
    """Says that a campaign waits. Workers find out by themselves; this is for people to read."""
    shop.store.put(Put(schema.campaign_part_key(campaign_id, _HOLD), {"until": to_text(until), "reason": reason}))


def current_hold(shop: Shop, campaign_id: str) -> Hold | None:
    """What the campaign waits for now; None when nothing holds it."""
    found = read_one(shop, schema.campaign_part_key(campaign_id, _HOLD), _hold_from)
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
