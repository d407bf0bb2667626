"""Rate windows for tests, and what a second of sends looks like."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from backend.domain.emails import Account
from backend.email.rate import Granted, RatePolicy, RateWindow
from backend.store.port import Store
from tests.support import TestClock


def window_on(store: Store, clock: Callable[[], datetime], rate: float) -> RateWindow:
    account = Account(rate, -1, 0, sandbox=False, sending_enabled=True)
    return RateWindow(store, "test", lambda: account, RatePolicy(), clock=clock, sleep=sleep_on(clock))


def spend(tokens: Granted) -> bool:
    """Takes a token and sends something with it, at once."""
    token = tokens.take()
    if token is None or not token.may_leave():
        return False
    token.has_left()
    return True


def sleep_on(clock: Callable[[], datetime]) -> Callable[[float], None]:
    """Sleeping by this clock: one of a test goes forward."""

    def sleep(seconds: float) -> None:
        if isinstance(clock, TestClock):
            clock.forward(seconds=seconds)
        else:
            time.sleep(seconds)

    return sleep


def most_in_a_second(times: Sequence[float]) -> int:
    """The most sends that any half-open second holds."""
    ordered, first, most = sorted(times), 0, 0
    for place, moment in enumerate(ordered):
        while moment - ordered[first] >= 1.0:
            first += 1
        most = max(most, place - first + 1)
    return most
