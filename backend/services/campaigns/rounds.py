"""Sends campaigns in rounds: which of them, which chunk, and what happens when something prevents it.

    control ─▶ chunk ─▶ step (decide, render, reserve, claim, send, record) ─▶ save ─▶ control …

Any number of workers may do it. Before each step a worker looks whether the campaign still runs, so that a pause
takes effect at once; a step ends with the round, so that transactional mail waits a second at most.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from loguru import logger

from backend.domain.campaign_timing import opens_at
from backend.domain.campaigns import Campaign, CampaignState, Wave
from backend.errors import BackendError, ConflictError, NotFoundError, UnreadableItemError
from backend.services.campaigns import progress
from backend.services.campaigns.saved import WORKER, change, due_campaigns, read_campaign
from backend.services.concurrency.leases import LeaseLostError
from backend.services.context import Shop
from backend.services.sending import account, chunks
from backend.services.sending.chunk_step import StepWork, Stopped, do_step
from backend.services.sending.chunks import Held, StepResult
from backend.services.sending.dispatch import Flight, Turn
from backend.services.sending.mailer import Mailer, Pace
from backend.services.sending.submissions import ACCOUNT_PAUSE, Worked
from backend.services.unreadable.items import set_aside
from backend.store.port import Key

ROUND_SECONDS = 1.0
"""How long campaigns may keep a worker from looking for transactional mail."""
_REST = timedelta(seconds=1)
"""How long a worker leaves a campaign alone that has no chunk for it."""
_LOOK_AGAIN = timedelta(minutes=1)
"""Quota and hours are looked at again, because people change them."""
_RENEW = timedelta(seconds=45)


@dataclass(slots=True)
class CampaignWork:
    """What a worker remembers between its rounds: its pace, its chunk of each campaign, and which rest until when.

    `landing` are chunks in which nobody is left, but some answers of the `flight` are awaited. Without a flight each
    step waits for its answers.
    """

    pace: Pace = field(default_factory=Pace)
    held: dict[str, Held] = field(default_factory=dict)
    resting: dict[str, datetime] = field(default_factory=dict)
    landing: list[Held] = field(default_factory=list)
    flight: Flight | None = None


def work_on_campaigns(
    shop: Shop, mailer: Mailer, work: CampaignWork, stop: threading.Event, seconds: float = ROUND_SECONDS
) -> Worked:
    """One round of about so many seconds over the campaigns that run. When it is stopped it gives its chunks back.

    Raises: `StoreBusyError`, `StoreUnreachableError`, `AccountUnknownError`.
    """
    worked = Worked()
    end = time.monotonic() + seconds
    running = [each.id for each in due_campaigns(shop) if each.state is CampaignState.RUNNING]
    _land(shop, work)
    _give_back(shop, work, set(work.held) - set(running))
    awake = [each for each in running if work.resting.get(each, shop.clock()) <= shop.clock()]
    if not account.is_paused(shop):
        for number, campaign_id in enumerate(awake):
            share = max(end - time.monotonic(), 0.0) / (len(awake) - number)
            _work_on(shop, mailer, work, campaign_id, stop, time.monotonic() + share, worked)
    if stop.is_set():
        _give_back(shop, work, set(work.held))
    return worked


def give_back(shop: Shop, work: CampaignWork, *, landed: bool = False) -> None:
    """Lets others have this worker's chunks at once: those whose answers have come, or all when they have `landed`.

    Those that cannot be given back now are free after their lease.
    """
    try:
        _give_back(shop, work, set(work.held))
        _land(shop, work, wait=not landed)
    except BackendError as error:
        logger.warning("A part of a campaign could not be given back: {}", type(error).__name__)


def _work_on(
    shop: Shop, mailer: Mailer, work: CampaignWork, campaign_id: str, stop: threading.Event, end: float, worked: Worked
) -> None:
    while time.monotonic() < end and not stop.is_set():
        campaign = _still_running(shop, campaign_id)
        if campaign is None or not _is_open(shop, mailer, work, campaign):
            _give_back(shop, work, {campaign_id})
            return
        held = work.held.get(campaign_id) or _take(shop, work, campaign)
        if held is None:
            work.resting[campaign_id] = shop.clock() + _REST
            return
        try:
            turn = Turn(work.pace.size, end, stop)
            if not _go_on(shop, mailer, work, campaign, held, StepWork(turn, work.pace, worked, work.flight)):
                return
        except LeaseLostError:
            work.held.pop(campaign_id, None)
        except (NotFoundError, UnreadableItemError) as error:
            # Such as a template that is gone, or content that cannot be read; other mail must not wait for it.
            if isinstance(error, UnreadableItemError):
                set_aside(shop, Key(*error.key), error.reason)
            work.held.pop(campaign_id, None)
            _pause(shop, campaign, error.sentence)


def _go_on(shop: Shop, mailer: Mailer, work: CampaignWork, campaign: Campaign, held: Held, step: StepWork) -> bool:
    """One step, written down; False when the campaign has to rest."""
    if held.stale and not chunks.read_again(shop, held):
        raise chunks.LEASES.error()
    held.stale = True
    result, stopped = do_step(shop, mailer, campaign, held, step)
    through = stopped.for_long or result.is_through_for_now(held.step, shop.clock()) or step.turn.stop.is_set()
    release = through and not held.flying
    if result.has_news(held.step):
        chunks.save(shop, held, result, release=release)
    elif release:
        chunks.release(shop, held)
    elif held.step.lease_until is None or held.step.lease_until - shop.clock() < _RENEW:
        chunks.renew(shop, held)
    held.stale = False
    if through:
        work.held.pop(campaign.id, None)
    if through and not release:
        work.landing.append(held)
    _rest(shop, work, campaign, stopped)
    return not (stopped.for_long or stopped.wait)


def _rest(shop: Shop, work: CampaignWork, campaign: Campaign, stopped: Stopped) -> None:
    """Does what follows from whatever stopped a step."""
    if stopped.quota_until is not None:
        _hold(shop, work, campaign, stopped.quota_until, progress.QUOTA)
    if stopped.refused is not None:
        account.pause(shop, stopped.refused.reason, shop.clock() + ACCOUNT_PAUSE)
        _pause(shop, campaign, stopped.refused.reason)


def _pause(shop: Shop, campaign: Campaign, reason: str) -> None:
    """The provider takes nothing from this account, so a person has to look before the campaign goes on."""
    try:
        after = replace(campaign, state=CampaignState.PAUSED, reason=reason, due_at=None)
        change(shop, WORKER, campaign, after, "paused a campaign", reason)
    except ConflictError:
        logger.info("Campaign {} has changed before it could be paused", campaign.id)


def _still_running(shop: Shop, campaign_id: str) -> Campaign | None:
    try:
        campaign = read_campaign(shop, campaign_id)
    except (NotFoundError, UnreadableItemError):
        return None
    return campaign if campaign.state is CampaignState.RUNNING else None


def _is_open(shop: Shop, mailer: Mailer, work: CampaignWork, campaign: Campaign) -> bool:
    now = shop.clock()
    opens = opens_at(campaign.draft.hours, campaign.kind, mailer.limits, now, shop.zone)
    if opens > now:
        _hold(shop, work, campaign, opens, progress.HOURS)
    return opens <= now


def _hold(shop: Shop, work: CampaignWork, campaign: Campaign, until: datetime, reason: str) -> None:
    work.resting[campaign.id] = min(until, shop.clock() + _LOOK_AGAIN)
    progress.hold(shop, campaign.id, until, reason)


def _take(shop: Shop, work: CampaignWork, campaign: Campaign) -> Held | None:
    """Of the waves that have begun; an earlier one may have a chunk whose failed messages are tried again."""
    for wave in Wave:
        if wave <= campaign.wave and campaign.audience.chunks.get(wave):
            held = chunks.take(shop, campaign, wave)
            if held is not None:
                work.held[campaign.id] = held
                return held
    return None


def _give_back(shop: Shop, work: CampaignWork, campaign_ids: Iterable[str]) -> None:
    """Those whose answers have all come are free at once, the others when they have landed."""
    for campaign_id in list(campaign_ids):
        held = work.held.pop(campaign_id, None)
        if held is not None and not held.stale:
            work.landing.append(held)
    _land(shop, work)


def _land(shop: Shop, work: CampaignWork, *, wait: bool = True) -> None:
    """Counts the answers of chunks in which nobody is left, and lets others have them. Whose answers do not come while
    the lease is good (or at all, when nobody is to `wait`) is looked up in the ledger by whoever takes the chunk."""
    for held in list(work.landing):
        lease = held.step.lease_until
        if wait and held.flying and lease is not None and lease - shop.clock() > _RENEW:
            continue
        result = StepResult(held.step.place)
        chunks.add_landed(shop, held, result)
        try:
            if result.has_news(held.step):
                chunks.save(shop, held, result, release=True)
            else:
                chunks.release(shop, held)
        except LeaseLostError:
            logger.info("A part of campaign {} had been taken over", held.step.campaign)
        work.landing = [each for each in work.landing if each is not held]
        campaign = _still_running(shop, held.step.campaign) if held.refused is not None else None
        if campaign is not None:
            _rest(shop, work, campaign, Stopped(refused=held.refused))
