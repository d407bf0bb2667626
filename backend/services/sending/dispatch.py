"""Gets prepared messages out: reserve tokens, claim, hand over, record. The same for single messages and campaigns.

    ready ─▶ reserve ─▶ claim ─▶ hand over, each at its moment ┐
                                    record ◀── answers, as they come

Whoever dispatches does not wait for the answers of what it has handed over: they are recorded in batches while the
next ones are claimed, so that one slow answer holds up no other email.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domain.emails import Answer, Kind, OutgoingEmail, Refused
from backend.domain.messages import Message
from backend.email.rate import Granted, QuotaReached, Reservation, Wait
from backend.services.context import Shop
from backend.services.sending import frequency_cap
from backend.services.sending.mailer import Mailer
from backend.services.sending.submissions import Submissions, Worked, outcome_of

_TOGETHER = 0.1
"""Seconds for which answers are collected, to record them in one commit."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that may be claimed, together with its email. `place` is that in a chunk of a campaign."""

    message: Message
    email: OutgoingEmail
    digest: str
    place: int = 0

    @property
    def id(self) -> str:
        return self.message.id


@dataclass(frozen=True, slots=True)
class Turn:
    """How long somebody may dispatch: until `until`, as `time.monotonic` counts. `size` go out together."""

    size: int
    until: float
    stop: threading.Event

    def seconds_left(self) -> float:
        return self.until - time.monotonic()


@dataclass(slots=True)
class Dispatched:
    """What was not handed over, and why: the rate (`wait` seconds), the quota, or slow answers (`held_back`)."""

    left: list[Ready]
    handed: int = 0
    held_back: bool = False
    wait: float = 0.0
    quota_until: datetime | None = None


class Books(Protocol):
    """Where messages are claimed and recorded. `refused` is the answer by which the account takes nothing any more."""

    refused: Refused | None

    def claim(self, shop: Shop, batch: Sequence[Ready], free: Sequence[Message]) -> dict[str, Message]:
        """Those that are ours alone to send now, by id; of the batch only `free` ones, which have their slot."""

    def record(self, shop: Shop, outcomes: Sequence[tuple[Ready, Message]], worked: Worked) -> None:
        """Writes down how they ended. May be called again for the same ones after the store has failed."""


@dataclass(frozen=True, slots=True)
class _Claimed:
    ready: Ready
    message: Message
    books: Books


class Flight:
    """What a worker has handed over and not recorded yet. Used by one thread."""

    def __init__(self, mailer: Mailer) -> None:
        self._submissions: Submissions[_Claimed] = Submissions(mailer.transport, mailer.concurrency)
        self._answers: list[tuple[_Claimed, Answer]] = []

    @property
    def is_empty(self) -> bool:
        return not self._answers and not self._submissions.waiting

    def settle(self, shop: Shop, worked: Worked, seconds: float = 0.0, enough: int = 10**6) -> None:
        """Records the answers that come within so many seconds, until they are `enough`.

        Raises: `StoreBusyError`, `StoreUnreachableError`; then they are recorded the next time.
        """
        self._answers += self._submissions.collect(seconds, enough)
        for books in {id(each.books): each.books for each, _ in self._answers}.values():
            mine = [(each, answer) for each, answer in self._answers if each.books is books]
            stopped = (answer for _, answer in mine if isinstance(answer, Refused) and answer.account_wide)
            books.refused = next(stopped, books.refused)
            outcomes = [(each.ready, outcome_of(shop, each.message, each.ready.digest, a)) for each, a in mine]
            books.record(shop, outcomes, worked)
            self._answers = [(each, answer) for each, answer in self._answers if each.books is not books]
        self._submissions.check()

    def wait(self, shop: Shop, worked: Worked, seconds: float, stop: threading.Event) -> None:
        """Waits, and records meanwhile what is answered."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not stop.is_set():
            if self._submissions.waiting:
                self.settle(shop, worked, min(left, _TOGETHER))
            else:
                stop.wait(left)

    def finish(self, shop: Shop, worked: Worked, seconds: float = float("inf")) -> None:
        """Waits for all answers, so many seconds at most, and records them."""
        end = time.monotonic() + seconds
        while not self.is_empty and (left := end - time.monotonic()) > 0:
            self.settle(shop, worked, min(left, _TOGETHER))

    def close(self) -> None:
        self._submissions.close()

    @property
    def waiting(self) -> int:
        """How many were handed over whose answers have not been collected."""
        return self._submissions.waiting

    def room(self, size: int) -> int:
        """How many more may be begun now, where `size` go out together."""
        return self._submissions.room(size)

    def begin(self, shop: Shop, mailer: Mailer, books: Books, batch: Sequence[Ready], kind: Kind) -> Reservation:
        """Reserves, claims and hands over; says for how many of the batch, from its beginning, it was granted."""
        granted = mailer.window.reserve(len(batch), kind)
        if not isinstance(granted, Granted):
            return granted
        mine: list[tuple[_Claimed, OutgoingEmail]] = []
        try:
            now = batch[: granted.count]
            free = frequency_cap.reserve(shop, [each.message for each in now], mailer.limits)
            claimed = books.claim(shop, now, free)
            mine = [(_Claimed(each, claimed[each.message.id], books), each.email) for each in now if each.id in claimed]
        finally:
            granted.use_only(len(mine))
        self._submissions.begin(mine, granted)
        return granted


@contextmanager
def in_flight(shop: Shop, mailer: Mailer, worked: Worked, flight: Flight | None) -> Iterator[Flight]:
    """The worker's flight; or one of its own, whose answers have all come when this ends."""
    if flight is not None:
        yield flight
        return
    own = Flight(mailer)
    try:
        yield own
    finally:
        try:
            own.finish(shop, worked)
        finally:
            own.close()


def dispatch(
    shop: Shop,
    mailer: Mailer,
    flight: Flight,
    books: Books,
    ready: Sequence[Ready],
    kind: Kind,
    turn: Turn,
    worked: Worked,
    *,
    waits: bool,
) -> Dispatched:
    """Claims and hands over one batch after the other, while the turn lasts; the first one in any case.

    `waits` says that it waits for tokens within the turn; who does not is not bound to its end either.

    Raises: `StoreBusyError`, `StoreUnreachableError`, `AccountUnknownError`.
    """
    done, began = Dispatched(list(ready)), time.perf_counter()
    while done.left and books.refused is None and not turn.stop.is_set():
        left = turn.seconds_left() if waits else _TOGETHER
        if left <= 0 and done.handed:
            break
        room = flight.room(turn.size)
        if room < 1 or (flight.waiting and room < min(len(done.left), turn.size // 2)):
            done.held_back = True
            if left <= 0:
                break
            flight.settle(shop, worked, min(left, _TOGETHER), enough=max(turn.size // 2, 1))
            continue
        granted = flight.begin(shop, mailer, books, done.left[: min(turn.size, room)], kind)
        if isinstance(granted, QuotaReached):
            done.quota_until = granted.until
            break
        if isinstance(granted, Wait):
            done.held_back = True
            if not waits or granted.seconds >= left:
                done.wait = worked.wait = granted.seconds
                break
            flight.wait(shop, worked, granted.seconds, turn.stop)
            continue
        done.left, done.handed = done.left[granted.count :], done.handed + min(granted.count, len(done.left))
        flight.settle(shop, worked)
    if not waits:
        flight.finish(shop, worked)
    worked.handed_over += done.handed
    worked.seconds += time.perf_counter() - began
    return done
