"""One step of a chunk: some recipients are decided about, rendered, claimed, sent and recorded.

Nothing is counted here. The result says what became of whom, and is saved as a whole.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from backend.domain.campaigns import Campaign
from backend.domain.emails import Refused
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.services.context import Shop
from backend.services.sending import campaign_ledger, chunks, ledger
from backend.services.sending.chunks import LOOK_AGAIN, Held, StepResult
from backend.services.sending.dispatch import Flight, Ready, Turn, dispatch, in_flight
from backend.services.sending.mailer import SMALLEST, Mailer, Pace
from backend.services.sending.recipients import Candidate, Prepared, prepare
from backend.services.sending.submissions import Worked


@dataclass(frozen=True, slots=True)
class StepWork:
    """What a step works with; what it did adds to `worked`. Without a worker's `flight` it waits for all answers."""

    turn: Turn
    pace: Pace
    worked: Worked
    flight: Flight | None = None


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
    skipped: dict[int, SkipReason] = field(default_factory=dict)


def do_step(shop: Shop, mailer: Mailer, campaign: Campaign, held: Held, work: StepWork) -> tuple[StepResult, Stopped]:
    """Does as much of a chunk as goes out in about a second; what waits for its answer is left in flight.

    Raises: `StoreBusyError`, `StoreUnreachableError`, `AccountUnknownError`; what was done is in the ledger.
    """
    began = time.perf_counter()
    turn = _turn(shop, campaign, held, work.pace.size)
    prepared = prepare(shop, mailer, campaign, held.step.wave, turn.candidates)
    with in_flight(shop, mailer, work.worked, work.flight) as flight:
        done = dispatch(
            shop, mailer, flight, _Chunk(held), prepared.ready, campaign.kind, work.turn, work.worked, waits=True
        )
    if prepared.ready:
        _learn(work.pace, done.handed, time.perf_counter() - began, held_back=done.held_back)
    new_left = [each.place for each in done.left if each.place >= held.step.place]
    result = StepResult(min(new_left, default=turn.upto), retry=dict(turn.retry))
    chunks.add_landed(shop, held, result)
    _settle(shop, turn, prepared, held, result)
    result.skipped |= {place: reason for place, reason in turn.skipped.items() if place < result.through}
    result.ended |= turn.ended
    result.ended = {place: message for place, message in result.ended.items() if place < result.through}
    result.retry = {place: due for place, due in result.retry.items() if place < result.through}
    work.worked.count(result.ended.values())
    if result.skipped:
        settled = work.worked.settled
        settled[MessageStatus.SKIPPED] = settled.get(MessageStatus.SKIPPED, 0) + len(result.skipped)
    return result, Stopped(done.wait, done.quota_until, held.refused)


# --- whose turn it is --------------------------------------------------------------------------------------------


def _turn(shop: Shop, campaign: Campaign, held: Held, size: int) -> _Turn:
    step, now = held.step, shop.clock()
    awaited = held.flying | held.landed.keys()
    again = sorted(place for place, due in step.retry.items() if due <= now and place not in awaited)[:size]
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
        elif customer_id in found.unreadable:
            turn.skipped[place] = SkipReason.UNREADABLE
        elif customer_id in found.later:
            turn.retry[place] = found.later[customer_id]
        else:
            message = found.free.get(customer_id)
            if message is not None and message.due_at > shop.clock():
                turn.retry[place] = message.due_at
            else:
                turn.candidates.append(Candidate(place, customer_id, message))


# --- sending -----------------------------------------------------------------------------------------------------


class _Chunk:
    """`Books` of a chunk: what is recorded lands there, to be counted with the step that is saved next."""

    def __init__(self, held: Held) -> None:
        self._held = held

    @property
    def refused(self) -> Refused | None:
        return self._held.refused

    @refused.setter
    def refused(self, answer: Refused | None) -> None:
        self._held.refused = answer

    def claim(self, shop: Shop, batch: Sequence[Ready], free: Sequence[Message]) -> dict[str, Message]:
        claimed = {message.id: message for message in campaign_ledger.claim(shop, free)}
        for each in batch:
            if each.id in claimed:
                self._held.flying.add(each.place)
            else:
                self._held.landed[each.place] = None
        return claimed

    def record(self, shop: Shop, outcomes: Sequence[tuple[Ready, Message]], worked: Worked) -> None:
        recorded = {message.id: message for message in campaign_ledger.record(shop, [each for _, each in outcomes])}
        for ready, message in outcomes:
            self._held.flying.discard(ready.place)
            self._held.landed[ready.place] = recorded.get(message.id)


def _learn(pace: Pace, handed: int, seconds: float, *, held_back: bool) -> None:
    """As every worker does; but what is left of a step is decided and rendered again, so it takes up little more."""
    pace.learn(handed, seconds, held_back=held_back)
    if held_back:
        pace.size = min(pace.size, max(SMALLEST, handed + handed // 4 + 1))


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
            result.retry[place] = shop.clock() + LOOK_AGAIN
