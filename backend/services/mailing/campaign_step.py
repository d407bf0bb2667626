"""One step of a chunk: some recipients are decided about, rendered, claimed, sent and recorded.

Nothing is counted here. The result says what became of whom, and is saved as a whole.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backend.domain.campaigns import Campaign
from backend.domain.emails import Refused
from backend.domain.messages import Message, MessageStatus
from backend.email.rate import Granted, QuotaReached, Wait
from backend.services import ledger
from backend.services.context import Shop
from backend.services.mailing import campaign_ledger
from backend.services.mailing.campaign_chunks import Held, StepResult
from backend.services.mailing.campaign_recipients import Candidate, Prepared, Ready, prepare
from backend.services.mailing.delivering import Worked, hand_over, outcome_of
from backend.services.mailing.mailer import Mailer
from backend.services.mailing.pace import SMALLEST, Pace

_LOOK_AGAIN = timedelta(seconds=5)
"""When somebody else was faster, the ledger tells a little later what became of it."""


@dataclass(frozen=True, slots=True)
class StepWork:
    """What a step works with. It ends at `end` (as `time.monotonic` counts); what it did adds to `worked`."""

    stop: threading.Event
    end: float
    pace: Pace
    worked: Worked

    def seconds_left(self) -> float:
        return self.end - time.monotonic()


@dataclass(slots=True)
class Stopped:
    """Why a step ended before all of it was sent: the rate, the quota, or the account."""

    wait: float = 0.0
    quota_until: datetime | None = None
    refused: Refused | None = None

    @property
    def for_long(self) -> bool:
        return self.quota_until is not None or self.refused is not None


@dataclass(slots=True)
class _Turn:
    """Whose turn it is: places from `place` up to `upto`, and those that are due again."""

    upto: int
    candidates: list[Candidate] = field(default_factory=list)
    ended: dict[int, Message] = field(default_factory=dict)
    retry: dict[int, datetime] = field(default_factory=dict)


def do_step(shop: Shop, mailer: Mailer, campaign: Campaign, held: Held, work: StepWork) -> tuple[StepResult, Stopped]:
    """Does as much of a chunk as goes out in about a second.

    Raises: `StoreBusyError`, `StoreUnreachableError`, `AccountUnknownError`; what was done stands in the ledger.
    """
    began = time.perf_counter()
    turn = _turn(shop, campaign, held, work.pace.size)
    prepared = prepare(shop, mailer, campaign, held.step.wave, turn.candidates)
    result = StepResult(turn.upto, retry=dict(turn.retry))
    left, stopped = _send(shop, mailer, prepared.ready, campaign, work, result, time.perf_counter() - began)
    new_left = [each.place for each in left if each.place >= held.step.place]
    result.through = min(new_left, default=turn.upto)
    _settle(shop, turn, prepared, held, result)
    result.ended |= {place: message for place, message in turn.ended.items() if place < result.through}
    result.retry = {place: due for place, due in result.retry.items() if place < result.through}
    work.worked.count(result.ended.values())
    if result.skipped:
        settled = work.worked.settled
        settled[MessageStatus.SKIPPED] = settled.get(MessageStatus.SKIPPED, 0) + len(result.skipped)
    return result, stopped


# --- whose turn it is --------------------------------------------------------------------------------------------


def _turn(shop: Shop, campaign: Campaign, held: Held, size: int) -> _Turn:
    step, now = held.step, shop.clock()
    again = sorted(place for place, due in step.retry.items() if due <= now)[:size]
    upto = min(step.place + size - len(again), step.size)
    turn = _Turn(upto)
    unsure = range(step.place, min(upto, held.unsure_until))
    _asked(shop, campaign, held, [*again, *unsure], turn)
    turn.candidates += [Candidate(place, held.chunk.ids[place]) for place in range(max(step.place, unsure.stop), upto)]
    return turn


def _asked(shop: Shop, campaign: Campaign, held: Held, places: Sequence[int], turn: _Turn) -> None:
    """Asks the ledger about those who may have been begun."""
    ids = {place: held.chunk.ids[place] for place in places}
    found = campaign_ledger.look(shop, campaign.key, list(ids.values()))
    for place, customer_id in ids.items():
        if customer_id in found.ended:
            turn.ended[place] = found.ended[customer_id]
        elif customer_id in found.later:
            turn.retry[place] = found.later[customer_id]
        else:
            message = found.free.get(customer_id)
            if message is not None and message.due_at > shop.clock():
                turn.retry[place] = message.due_at
            else:
                turn.candidates.append(Candidate(place, customer_id, message))


# --- sending -----------------------------------------------------------------------------------------------------


def _send(
    shop: Shop,
    mailer: Mailer,
    ready: Sequence[Ready],
    campaign: Campaign,
    work: StepWork,
    result: StepResult,
    prepared_in: float,
) -> tuple[list[Ready], Stopped]:
    """Sends one batch after the other, as tokens come; returns what is left, and why.

    The first one goes out also when preparing (it took `prepared_in` seconds) has used up the time: a slow machine
    takes up less in the next step, and does not stand still.
    """
    rest, stopped = list(ready), Stopped()
    handed, seconds, held_back = 0, 0.0, False
    while rest and (not handed or work.seconds_left() > 0) and not work.stop.is_set() and not stopped.for_long:
        granted = mailer.window.reserve(min(len(rest), work.pace.size), campaign.kind)
        if isinstance(granted, QuotaReached):
            stopped.quota_until = granted.until
        elif isinstance(granted, Wait):
            held_back = True
            if granted.seconds >= work.seconds_left():
                stopped.wait = work.worked.wait = granted.seconds
                break
            work.stop.wait(granted.seconds)
        else:
            batch, rest = rest[: granted.count], rest[granted.count :]
            began = time.perf_counter()
            stopped.refused = _send_batch(shop, mailer, batch, granted, result)
            handed, seconds = handed + len(batch), seconds + time.perf_counter() - began
    if ready:
        _learn(work.pace, handed, prepared_in + seconds, held_back=held_back)
    work.worked.handed_over += handed
    work.worked.seconds += seconds
    return rest, stopped


def _learn(pace: Pace, handed: int, seconds: float, *, held_back: bool) -> None:
    """As every worker does; but what is left of a step is decided and rendered anew, so it takes up little more."""
    pace.learn(handed, seconds, held_back=held_back)
    if held_back:
        pace.size = min(pace.size, max(SMALLEST, handed + handed // 4 + 1))


def _send_batch(
    shop: Shop, mailer: Mailer, batch: Sequence[Ready], granted: Granted, result: StepResult
) -> Refused | None:
    """Claims, sends and records; returns the answer by which the account takes nothing any more."""
    try:
        claimed = {message.id: message for message in campaign_ledger.claim(shop, [each.message for each in batch])}
        mine = [each for each in batch if each.message.id in claimed]
        answers = hand_over(mailer, granted, [each.email for each in mine])
    finally:
        granted.close()
    outcomes = [
        outcome_of(shop, claimed[each.message.id], each.digest, answer)
        for each, answer in zip(mine, answers, strict=True)
    ]
    recorded = {message.id: message for message in campaign_ledger.record(shop, outcomes)}
    for each in batch:
        message = recorded.get(each.message.id)
        if message is None:
            result.retry[each.place] = shop.clock() + _LOOK_AGAIN
        elif message.status is MessageStatus.WAITING:
            result.retry[each.place] = message.due_at
        else:
            result.ended[each.place] = message
    return next((a for a in answers if isinstance(a, Refused) and a.account_wide), None)


# --- what is not sent --------------------------------------------------------------------------------------------


def _settle(shop: Shop, turn: _Turn, prepared: Prepared, held: Held, result: StepResult) -> None:
    """Writes those down who get nothing: new ones in the chunk, ones with a message in the ledger too."""
    begun = {each.place: each.message for each in turn.candidates if each.message is not None}
    settled = {place: message for place, message in prepared.broken.items() if place < result.through}
    for place, reason in prepared.skipped.items():
        if place < result.through and place in begun:
            settled[place] = replace(ledger.skipped(begun[place], reason), lease_until=None)
        elif place < result.through:
            result.skipped[place] = reason
    written = {message.id for message in campaign_ledger.put_settled(shop, list(settled.values()))}
    for place, message in settled.items():
        if message.id in written:
            result.ended[place] = message
        else:
            result.retry[place] = shop.clock() + _LOOK_AGAIN
