"""Tokens that were granted: each lets one email go out, not before its moment; when it did is remembered."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from backend.domain.emails import Kind
from backend.email.rate_state import HOUR, SECOND, SLOT, VALID, Report


class Granted:
    """Tokens for a number of sends, good for five seconds. Safe for several threads.

    Spend one right before each send, and send only if that succeeds. Close them when no more will be sent: tokens
    that are not closed count as used when they lapse. Times are microseconds; `at` was `ahead` of this `clock`, and
    `moments` are the earliest of the sends, in order (none: at once).
    """

    def __init__(
        self,
        count: int,
        kind: Kind,
        *,
        at: int,
        ahead: int,
        clock: Callable[[], int],
        moments: Sequence[int] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.count = count
        self.kind = kind
        self.key = secrets.token_hex(4)
        self.hour = at // HOUR
        self._clock = clock
        self._ahead = ahead
        self._moments = moments
        self._sleep = sleep
        self._until = at + VALID
        self._lock = threading.Lock()
        self._open = True
        self._lapsed = False
        self._usable = self._left = count
        self._sent: Counter[int] = Counter()
        self._reported: Counter[int] = Counter()

    def spend(self) -> bool:
        """Takes one token for a send that happens now, after waiting for its moment (half a second at most).

        False when none is left or they are no longer good.
        """
        with self._lock:
            now = self._clock() + self._ahead
            if not self._still_open(now) or not self._left:
                return False
            moment = self._moments[self.count - self._left] if self._moments else now
            self._left -= 1
        if moment > now:
            self._sleep((moment - now) / SECOND)
        with self._lock:
            now = max(self._clock() + self._ahead, moment)
            if self._still_open(now):
                self._sent[now // SLOT + 1] += 1
                return True
            return False

    def use_only(self, number: int) -> None:
        """No more than so many will be spent; the next reservation gives back the others."""
        with self._lock:
            self._usable = self._left = min(number, self._left)

    def close(self) -> None:
        """No more sends. The next reservation gives back what was not spent."""
        with self._lock:
            self._open = False

    @property
    def done(self) -> bool:
        """Whether nothing can be spent any more."""
        with self._lock:
            return not self._still_open(self._clock() + self._ahead)

    def report(self) -> Report:
        """What was spent since the last report that was `confirmed`."""
        with self._lock:
            done = not self._still_open(self._clock() + self._ahead)
            sent, unused = Counter(self._sent), self.count - self._sent.total()
            if self._lapsed and unused:
                sent[self._until // SLOT + 1] += unused
                unused = 0
            return Report(sent - self._reported, unused, done)

    def confirm(self, report: Report) -> None:
        """The report has been written down."""
        self._reported += report.sent

    def _still_open(self, now: int) -> bool:
        """Once done, always done, also when the clock is set back: what is reported must not change."""
        if self._open and now > self._until:
            self._open, self._lapsed = False, True
        self._open = self._open and self._sent.total() < self._usable
        return self._open
