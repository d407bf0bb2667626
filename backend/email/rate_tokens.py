"""Tokens that were granted: each lets one email go out, not before its moment; when it did is remembered."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from backend.domain.emails import Kind
from backend.email.rate_state import HOUR, SECOND, SLOT, VALID, UsageReport


class Granted:
    """Tokens for a number of sends, good for five seconds. Safe for several threads.

    Take one for each send, and close them when no more will be taken: tokens that are not closed count as used when
    they lapse. Times are microseconds; `at` was `ahead` of this `clock`, and `moments` are the earliest of the sends,
    in order (none: at once).
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
        self._closed = self._lapsed = False
        self._usable = self._left = count
        self._out = 0
        self._sent: Counter[int] = Counter()
        self._reported: Counter[int] = Counter()

    def take(self) -> Token | None:
        """One token, after waiting for its moment (half a second at most); None when none is left or good."""
        with self._lock:
            now = self._clock() + self._ahead
            if not self._is_good(now) or not self._left:
                return None
            moment = self._moments[self.count - self._left] if self._moments else now
            self._left -= 1
            self._out += 1
        if moment > now:
            self._sleep((moment - now) / SECOND)
        return Token(self, moment)

    def use_only(self, number: int) -> None:
        """No more than so many will be taken; the next reservation gives back the others."""
        with self._lock:
            self._usable = self._left = min(number, self._left)

    def close(self) -> None:
        """No more sends. The next reservation gives back what was not used, as soon as nothing is leaving any more."""
        with self._lock:
            self._closed = True

    @property
    def done(self) -> bool:
        """Whether nothing can be sent any more."""
        with self._lock:
            return self._is_done()

    def report(self) -> UsageReport:
        """What was sent since the last report that was `confirmed`. What is leaving is not sent yet."""
        with self._lock:
            done = self._is_done()
            sent, unused = Counter(self._sent), self.count - self._sent.total()
            if self._lapsed and unused:
                sent[self._until // SLOT + 1] += unused
                unused = 0
            return UsageReport(sent - self._reported, unused, done)

    def confirm(self, report: UsageReport) -> None:
        """The report has been written down."""
        self._reported += report.sent

    def may_leave(self, moment: int) -> bool:
        """Whether the email of a token with this moment may leave now. For `Token`."""
        with self._lock:
            return self._is_good(max(self._clock() + self._ahead, moment))

    def back(self, moment: int, *, sent: bool) -> None:
        """A token is back, and counts now if it was used: once lapsed, all count at their end. For `Token`."""
        with self._lock:
            now = max(self._clock() + self._ahead, moment)
            self._is_good(now)
            self._out -= 1
            if sent and not self._lapsed:
                self._sent[now // SLOT + 1] += 1

    def _is_good(self, now: int) -> bool:
        """Once over, always over, also when the clock is set back: what is reported must not change."""
        self._lapsed = self._lapsed or (now > self._until and not self._is_settled())
        return not (self._closed or self._lapsed)

    def _is_done(self) -> bool:
        self._is_good(self._clock() + self._ahead)
        return self._lapsed or self._is_settled()

    def _is_settled(self) -> bool:
        return not self._out and (self._closed or self._sent.total() >= self._usable)


class Token:
    """The place of one email in the rate, from its moment on.

    An email counts when its bytes have left the process, not before: a pause of the process until then lets it
    count later, and so puts off those after it. Until then its place is held. So the code that writes the bytes calls
    `may_leave` right before, and `has_left` right after. For a transport that calls neither, it has left on return.
    """

    def __init__(self, granted: Granted, moment: int) -> None:
        self._granted = granted
        self._moment = moment
        self._lock = threading.Lock()
        self._is_back = False
        self.too_late = False
        """Whether the email was kept from leaving, so that the provider cannot have it."""

    def may_leave(self) -> bool:
        """Whether the email may leave now; not when the token is no longer good, or was used."""
        if not self._is_back and self._granted.may_leave(self._moment):
            return True
        self.too_late = self.too_late or not self._is_back
        self._give_back(sent=False)
        return False

    def has_left(self) -> None:
        """The email has left, or may have. A second call does nothing."""
        self._give_back(sent=True)

    @contextmanager
    def current(self) -> Iterator[None]:
        """Within this it is the `current_token`, also in a thread that has this context. Has left by the end."""
        before = _current.set(self)
        try:
            yield
        finally:
            _current.reset(before)
            self.has_left()

    def _give_back(self, *, sent: bool) -> None:
        with self._lock:
            if not self._is_back:
                self._granted.back(self._moment, sent=sent)
            self._is_back = True


_current: ContextVar[Token | None] = ContextVar("token", default=None)


def current_token() -> Token | None:
    """The token of the email that is being handed over; None for one that needs none."""
    return _current.get()
