"""What workers do about campaigns beside sending: begin them, freeze audiences, watch, reopen, close, count orders.

Any number of workers may tend; each change is on condition of the version that was read, so one of them does it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from loguru import logger

from backend.domain.campaigns import LATE, Campaign, CampaignState, Measure, SplitTest, Wave
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.errors import BackendError, ConflictError, InvalidInputError, NotFoundError, TemplateError
from backend.records.campaign_chunks import ChunkStep, step_from
from backend.services.campaigns.audience import freeze_some
from backend.services.campaigns.orders_after import count_orders, orders_by_variant
from backend.services.campaigns.progress import figures_of, note_pace, patience_of
from backend.services.campaigns.saved import WORKER, change, due_campaigns
from backend.services.concurrency.leases import LeaseLostError
from backend.services.context import Shop
from backend.services.sending import campaign_ledger, chunks, ledger
from backend.services.sending.chunks import Held, StepResult, done_counter
from backend.services.snapshots.info import SnapshotMissingError
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Query, Row, pages_of

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
    """Goes on with the audience. What waiting does not fix, such as a template that is gone, needs a person."""
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


# --- Settlement: retry what failed, or end what waited when it was cancelled -------------------------------------


def reopen_some(shop: Shop, campaign: Campaign, end: float) -> Campaign:
    """Lets failed messages wait again, until `end` (as `time.monotonic` counts); when all do, the campaign says so.

    Raises: `StaleReadError`.
    """
    for row, step in _steps(shop, campaign):
        if time.monotonic() > end:
            return campaign
        if step.failed and not _reopened(shop, campaign, row):
            return campaign
    return change(shop, WORKER, campaign, replace(campaign, reopening=False, wave_done_at=None))


def close_some(shop: Shop, campaign: Campaign, end: float) -> bool:
    """Settles messages of a cancelled campaign that waited for another attempt: nobody tries them again.

    Returns whether nothing is left that has to be settled.
    """
    left = False
    for row, step in _steps(shop, campaign):
        if time.monotonic() > end:
            return False
        if step.lease_until is not None or step.retry:
            left = not _closed(shop, campaign, row) or left
    return not left


def _steps(shop: Shop, campaign: Campaign) -> Iterator[tuple[Row, ChunkStep]]:
    with access_pattern("go over a campaign's chunks"):
        query = Query(
            schema.MAIL, schema.campaign_partition(campaign.id), begins_with=schema.STEPS, limit=500, consistent=True
        )
        rows = pages_of(shop.store, query)
        yield from readable_rows(shop, rows, lambda row: (row, step_from(campaign.id, row.key.sk, row.item)))


def _reopened(shop: Shop, campaign: Campaign, row: Row) -> bool:
    held = chunks.taken(shop, campaign.id, row.key.sk, row.item, also_done=True)
    if held is None:
        return False
    places = {held.chunk.ids[place]: place for place in held.step.failed}
    found = campaign_ledger.look(shop, campaign.key, list(places))
    failed = [each for each in found.ended.values() if each.status is MessageStatus.FAILED]
    campaign_ledger.reopen(shop, failed)
    again = {places[each.recipient]: _as_failed(each) for each in [*failed, *found.free.values()]}
    try:
        chunks.reopen(shop, held, again)
    except LeaseLostError:
        return False
    return True


def _as_failed(message: Message) -> Message:
    """As the chunk has counted it."""
    return replace(message, status=MessageStatus.FAILED)


def _closed(shop: Shop, campaign: Campaign, row: Row) -> bool:
    held = chunks.taken(shop, campaign.id, row.key.sk, row.item)
    if held is None:
        return False
    result = _settled(shop, campaign, held)
    try:
        chunks.save(shop, held, result, release=True)
    except LeaseLostError:
        return False
    return not held.step.retry


def _settled(shop: Shop, campaign: Campaign, held: Held) -> StepResult:
    """What had been begun: settled as it is, or skipped because the campaign was cancelled."""
    begun = range(held.step.place, min(held.unsure_until, held.step.size))
    places = {held.chunk.ids[place]: place for place in [*held.step.retry, *begun]}
    found = campaign_ledger.look(shop, campaign.key, list(places))
    result = StepResult(held.step.place)
    result.ended = {places[each.recipient]: each for each in found.ended.values()}
    result.retry = {places[customer_id]: due for customer_id, due in found.later.items()}
    skipped = [replace(ledger.skipped(each, SkipReason.CANCELLED), lease_until=None) for each in found.free.values()]
    result.ended |= {places[each.recipient]: each for each in campaign_ledger.put_settled(shop, skipped)}
    return result


# --- Running campaigns: stop at too many bounces or complaints, begin the next wave, finish ----------------------


FEWEST = 3
"""Bounces or complaints below this number stop nothing, because chance alone brings them."""
_CANARY_LEAST = 20
"""A canary is judged from this many emails on, because it is there to be judged."""


def watch(shop: Shop, campaign: Campaign, figures: Counter[str]) -> Campaign:
    """Does what has to be done about a running campaign with these counters now; returns it as it is afterwards.

    Raises: `StaleReadError`, `StoreBusyError`, `StoreUnreachableError`.
    """
    if reason := too_many(campaign, figures):
        after = replace(campaign, state=CampaignState.STOPPED, reason=reason, due_at=None)
        return change(shop, WORKER, campaign, after, "stopped a campaign", reason)
    if campaign.reopening or not _is_through(campaign, figures):
        return campaign
    if campaign.wave_done_at is None:
        campaign = change(shop, WORKER, campaign, replace(campaign, wave_done_at=shop.clock()))
    following = next((wave for wave in Wave if wave > campaign.wave and campaign.audience.chunks.get(wave)), None)
    if following is None:
        return _finished(shop, campaign)
    if shop.clock() < (campaign.wave_done_at or shop.clock()) + patience_of(campaign):
        return campaign
    return _next_wave(shop, campaign, following, figures)


def too_many(campaign: Campaign, figures: Mapping[str, int]) -> str:
    """Why a campaign must not go on, as a sentence; "" when all is well. Only what came since a person let it go on."""
    seen_bounces, seen_complaints, seen_sent = campaign.forgiven
    limits, sent = campaign.draft.limits, figures.get("sent", 0) - seen_sent
    least = min(limits.least, _CANARY_LEAST) if campaign.wave is Wave.CANARY else limits.least
    if sent < least:
        return ""
    bounced = figures.get("bounced", 0) - seen_bounces
    complained = figures.get("complained", 0) - seen_complaints
    return _over("bounced", bounced, sent, limits.bounces) or _over(
        "were marked as spam", complained, sent, limits.complaints
    )


def winner_of(test: SplitTest, figures: Mapping[str, int], orders: Mapping[str, int]) -> str:
    """The variant with the best share by the test's measure; of equals the one that failed less, then A before B.

    The share is one of all who were to get it: an email that cannot be made for most of them is not the better one.
    """
    name = {Measure.OPENS: "opened", Measure.CLICKS: "clicked"}.get(test.measure, "")

    def merit(key: str) -> tuple[float, float]:
        failed = figures.get(f"failed~{key}", 0)
        tried = max(figures.get(f"sent~{key}", 0) + failed, 1)
        count = figures.get(f"{name}~{key}", 0) if name else orders.get(key, 0)
        return count / tried, -failed / tried

    return max((each.key for each in test.variants), key=merit)


def _over(what: str, count: int, sent: int, limit: float) -> str:
    if count < FEWEST or count / sent <= limit:
        return ""
    return f"{count:,} of {sent:,} emails {what}: {count / sent:.2%}, and the limit is {limit:.2%}."


def _is_through(campaign: Campaign, figures: Mapping[str, int]) -> bool:
    """Whether every chunk of the waves up to this one is done."""
    return all(
        figures.get(done_counter(wave), 0) >= campaign.audience.chunks.get(wave, 0)
        for wave in Wave
        if wave <= campaign.wave
    )


def _next_wave(shop: Shop, campaign: Campaign, following: Wave, figures: Counter[str]) -> Campaign:
    winner = campaign.winner
    if following is Wave.REST and campaign.draft.test is not None:
        test = campaign.draft.test
        orders = orders_by_variant(shop, campaign) if test.measure is Measure.ORDERS else {}
        winner = winner_of(test, figures, orders)
    after = replace(campaign, wave=following, wave_done_at=None, winner=winner)
    what = f"{campaign.name}: " + (f"variant {winner} goes to the rest" if winner else "the first share went well")
    return change(shop, WORKER, campaign, after, "went on with a campaign", what)


def _finished(shop: Shop, campaign: Campaign) -> Campaign:
    now = shop.clock()
    after = replace(campaign, state=CampaignState.FINISHED, reason="", ended_at=now, due_at=now)
    return change(shop, WORKER, campaign, after, "finished a campaign")
