"""Hands emails to a transport by threads of its own, so that each waits for its answer alone and holds up no other."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from loguru import logger

from backend.domain.emails import Accepted, Answer, OutgoingEmail, Refused, Unanswered
from backend.domain.messages import Message, MessageStatus
from backend.email.rate import Granted
from backend.email.transports.protocol import Transport
from backend.services.context import Shop

TOO_LATE = Refused("The place in the sending rate was used up before the email could go out.", retryable=True)
"""Not handed over: tokens are good for seconds, and a slow transport may use them up."""
BROKEN = Unanswered("Handing the email over failed unexpectedly; the log has the cause.")

_What = TypeVar("_What")


@dataclass(frozen=True, slots=True)
class _Job(Generic[_What]):
    what: _What
    email: OutgoingEmail
    granted: Granted


class Submissions(Generic[_What]):
    """Emails on their way to the provider, at most `at_once` of them with it. For one thread that begins and collects.

    With `at_once` 1 each is handed over where it is begun, by no thread of its own. The threads end with `close`; none
    keeps the process from ending.
    """

    def __init__(self, transport: Transport, at_once: int) -> None:
        self._transport = transport
        self._at_once = at_once
        self._jobs: SimpleQueue[_Job[_What] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[_What, Answer]] = SimpleQueue()
        self._threads = 0
        self._waiting = 0
        self._failure: Exception | None = None

    @property
    def waiting(self) -> int:
        """How many were begun whose answers are not collected."""
        return self._waiting

    def room(self, backlog: int) -> int:
        """How many may be begun now: as many as have a thread, or as keep `backlog` of them on their way."""
        return max(self._at_once, backlog) - self._waiting

    def begin(self, batch: Sequence[tuple[_What, OutgoingEmail]], granted: Granted) -> None:
        """Hands the emails over, each at the moment of its token; those without one are `TOO_LATE`."""
        self._waiting += len(batch)
        for what, email in batch:
            job = _Job(what, email, granted)
            if self._at_once == 1:
                self._do(job)
            else:
                self._jobs.put(job)
        while self._at_once > 1 and self._threads < min(self._waiting, self._at_once):
            self._threads += 1
            threading.Thread(target=self._work, name=f"send {self._threads}", daemon=True).start()

    def collect(self, seconds: float = 0.0, enough: int = 10**6) -> list[tuple[_What, Answer]]:
        """The answers that have come, and those of the next so many seconds; fewer seconds when they are `enough`, or
        all."""
        end, found = time.monotonic() + seconds, list[tuple[_What, Answer]]()
        while len(found) < min(enough, self._waiting):
            try:
                found.append(self._answers.get(timeout=max(end - time.monotonic(), 0.0)))
            except Empty:
                break
        found += self._at_hand()
        self._waiting -= len(found)
        return found

    def check(self) -> None:
        """Raises what the transport raised that it should not; emails that were begun with that one are `TOO_LATE`."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Lets the threads end as soon as they have their answers."""
        for _ in range(self._threads):
            self._jobs.put(None)

    def _at_hand(self) -> Iterator[tuple[_What, Answer]]:
        while True:
            try:
                yield self._answers.get_nowait()
            except Empty:
                return

    def _work(self) -> None:
        while job := self._jobs.get():
            self._do(job)

    def _do(self, job: _Job[_What]) -> None:
        try:
            answer = self._handed_over(job)
        except Exception as error:  # the email may have gone out, and the next one would fail likewise
            logger.exception("An email could not be handed over")
            job.granted.close()
            self._failure, answer = error, BROKEN
        self._answers.put((job.what, answer))

    def _handed_over(self, job: _Job[_What]) -> Answer:
        if (token := job.granted.take()) is None:
            return TOO_LATE
        with token.current():
            answer = self._transport.send(job.email)
        return TOO_LATE if token.too_late else answer


# --- Outcomes: what an answer makes of a message, and what a round did in all ------------------------------------


MOST_ATTEMPTS = 6
LONGEST_DETAIL = 300
"""Of the provider's words that are kept: an item of the ledger stays below a kilobyte."""
ACCOUNT_PAUSE = timedelta(minutes=5)
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)


@dataclass(slots=True)
class Worked:
    """What one round did.

    `wait` is how long the rate window asks to wait before the next, in seconds; `more` says that messages are left.
    `handed_over` emails took the transport and the ledger `seconds`.
    """

    settled: dict[MessageStatus, int] = field(default_factory=dict)
    wait: float = 0.0
    more: bool = False
    handed_over: int = 0
    seconds: float = 0.0

    def count(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.settled[message.status] = self.settled.get(message.status, 0) + 1

    def add(self, other: Worked) -> None:
        """Takes in what another part of the round did."""
        for status, number in other.settled.items():
            self.settled[status] = self.settled.get(status, 0) + number
        self.wait = max(self.wait, other.wait)
        self.more = self.more or other.more
        self.handed_over += other.handed_over
        self.seconds += other.seconds

    @property
    def total(self) -> int:
        return sum(self.settled.values())


def outcome_of(shop: Shop, message: Message, digest: str, answer: Answer) -> Message:
    """The message as the transport's answer leaves it."""
    now = shop.clock()
    if isinstance(answer, Accepted):
        sent = MessageStatus.SENT
        return replace(message, status=sent, provider_id=answer.provider_id, sent_at=now, digest=digest, detail="")
    if isinstance(answer, Refused):
        return _refused(replace(message, digest=digest), answer, now)
    return replace(
        message,
        status=MessageStatus.UNKNOWN,
        reason=answer.reason,
        digest=digest,
        detail=answer.detail[:LONGEST_DETAIL],
    )


def _refused(message: Message, answer: Refused, now: datetime) -> Message:
    if answer is TOO_LATE:
        return replace(message, due_at=now)
    message = replace(message, detail=answer.detail[:LONGEST_DETAIL])
    if answer.account_wide:
        return replace(message, due_at=now + ACCOUNT_PAUSE, reason=answer.reason)
    if not answer.retryable:
        return replace(message, status=MessageStatus.FAILED, reason=answer.reason)
    if message.attempts >= MOST_ATTEMPTS:
        reason = f"Given up after {message.attempts} attempts. {answer.reason}"
        return replace(message, status=MessageStatus.FAILED, reason=reason)
    return replace(message, due_at=now + retry_delay(message.attempts), reason=answer.reason)


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 30 seconds, four times as long each time, an hour at most, jittered."""
    longest: timedelta = min(_FIRST_RETRY * 4.0 ** min(attempts - 1, 10), _LONGEST_RETRY)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, hides nothing
