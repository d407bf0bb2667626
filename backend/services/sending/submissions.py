"""Hands emails to a transport by threads of its own, so that each waits for its answer alone and holds up no other."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from loguru import logger

from backend.domain.emails import Answer, OutgoingEmail, Refused, Unanswered
from backend.email.rate import Granted
from backend.email.transports.protocol import Transport

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
