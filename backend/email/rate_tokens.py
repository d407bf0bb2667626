"""Tokens that were granted: each lets one email go out, at a moment that is remembered."""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable

from backend.domain.emails import Kind
from backend.email.rate_state import HOUR, SLOT, VALID


class Granted:
    """Tokens for a number of sends, good for five seconds. Safe for several threads.

    Spend one right before each send, and send only if that succeeds. Close them when no more will be sent: tokens
    that are not closed count as used when they lapse. Times are microseconds; `at` was `ahead` of this `clock`.
    """

    def __init__(self, count: int, kind: Kind, *, at: int, ahead: int, clock: Callable[[], int]) -> None:
        self.count = count
        self.kind = kind
        self.key = secrets.token_hex(4)
        self.hour = at // HOUR
        self._clock = clock
        self._ahead = ahead
        self._until = at + VALID
        self._lock = threading.Lock()
        self._open = True
        self._lapsed = False
        self._sent: Counter[int] = Counter()

    def spend(self) -> bool:
        """Takes one token for a send that happens now; False when none is left or they are no longer good."""
        with self._lock:
            now = self._clock() + self._ahead
            if self._still_open(now):
                self._sent[now // SLOT + 1] += 1
                return True
            return False

    def close(self) -> None:
        """No more sends. The next reservation gives back what was not spent."""
        with self._lock:
            self._open = False

    @property
    def done(self) -> bool:
        """Whether nothing can be spent any more."""
        with self._lock:
            return not self._still_open(self._clock() + self._ahead)

    def report(self) -> tuple[Counter[int], int]:
        """For tokens that are done: how many were sent by the end of each slot, and how many were not used."""
        with self._lock:
            unused = self.count - self._sent.total()
            if self._lapsed and unused:
                return self._sent + Counter({self._until // SLOT + 1: unused}), 0
            return Counter(self._sent), unused

    def _still_open(self, now: int) -> bool:
        """Once done, always done, also when the clock is set back: what is reported must not change."""
        if self._open and now > self._until:
            self._open, self._lapsed = False, True
        self._open = self._open and self._sent.total() < self.count
        return self._open
