"""A process may be stopped at any step between its token and its bytes: still no second sees more than the rate."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest

from backend.domain.emails import Kind
from backend.email.rate import RateWindow, Wait
from backend.email.rate_tokens import Granted, Token, current_token
from backend.store.port import Store
from backend.store.sql import SqlStore
from tests.email.windows import most_in_a_second, window_on
from tests.support import NOW, TestClock

RATE = 20
ON_THE_WAY = 0.010
"""Seconds that an email is on its way at most; below that by which a second is longer for us."""


@pytest.fixture
def store() -> Iterator[Store]:
    store = SqlStore("sqlite://")
    store.create_tables()
    yield store
    store.close()


@dataclass
class Provider:
    """Counts what arrives by a clock of its own."""

    chance: Random
    arrivals: list[float] = field(default_factory=list)

    def take(self, moment: float) -> None:
        self.arrivals.append(moment + ON_THE_WAY * self.chance.random())


Stall = dict[str, float]
"""Seconds of the longest stop before each step, for one step of ten."""


@dataclass
class Threads:
    """Threads of several processes in one simulated time, each stopped anywhere between two steps."""

    store: Store
    stall: Stall
    chance: Random
    processes: int = 2
    threads: int = 6

    def run(self, seconds: float) -> list[float]:
        clock, provider = TestClock(), Provider(Random(7))
        windows = [window_on(self.store, clock, RATE) for _ in range(self.processes)]
        steps = [self._steps(windows[n % self.processes], clock, provider) for n in range(self.threads)]
        queue = [(0.001 * number, number) for number in range(self.threads)]
        while queue[0][0] < seconds:
            now, number = queue[0]
            clock.now = NOW + timedelta(seconds=now)
            then = next(steps[number])
            heapq.heapreplace(queue, (_seconds(clock) + self._stopped(then), number))
        return provider.arrivals

    def _steps(self, window: RateWindow, clock: TestClock, provider: Provider) -> Iterator[str]:
        """What a thread does with each email; each yield names the step that is next."""
        while True:
            yield "reserve"
            reservation = window.reserve(5, Kind.MARKETING)
            if isinstance(reservation, Wait):
                clock.forward(seconds=reservation.seconds)
            elif isinstance(reservation, Granted):
                yield "take"
                while (token := reservation.take()) is not None:
                    yield from self._sends(token, clock, provider)
                    yield "take"
                reservation.close()

    def _sends(self, token: Token, clock: TestClock, provider: Provider) -> Iterator[str]:
        yield "ask"
        if token.may_leave():
            yield "write"
            provider.take(_seconds(clock))
            yield "tell"
            token.has_left()

    def _stopped(self, step: str) -> float:
        is_stopped = self.chance.random() < 0.1
        return 0.001 + (self.stall.get(step, 0.0) * self.chance.random() if is_stopped else 0.0)


def _seconds(clock: TestClock) -> float:
    return (clock.now - NOW).total_seconds()


EVERYWHERE: Stall = dict.fromkeys(("reserve", "take", "ask", "write", "tell"), 0.4)


@pytest.mark.parametrize(
    "stall",
    [
        *({step: seconds} for step in ("reserve", "take", "ask", "tell") for seconds in (0.05, 0.5, 3.0, 20.0)),
        *({"write": seconds} for seconds in (0.05, 0.5, 3.0)),
        EVERYWHERE,
    ],
    ids=str,
)
def test_whatever_stops_a_process_no_second_sees_more_than_the_rate(store: Store, stall: Stall) -> None:
    arrivals = Threads(store, stall, Random(11)).run(60)
    assert most_in_a_second(arrivals) <= RATE
    assert len(arrivals) > 60 * RATE / 20


def test_short_stops_cost_little_of_the_rate(store: Store) -> None:
    stall = dict.fromkeys(EVERYWHERE, 0.05)
    arrivals = Threads(store, stall, Random(11)).run(30)
    assert len([moment for moment in arrivals if moment >= 1]) / (29 * RATE) >= 0.95


# --- what a token knows ------------------------------------------------------------------------------------------


def granted(store: Store, clock: TestClock, rate: float = RATE, wanted: int = 1) -> Granted:
    reservation = window_on(store, clock, rate).reserve(wanted, Kind.MARKETING)
    assert isinstance(reservation, Granted)
    return reservation


def taken(tokens: Granted) -> Token:
    token = tokens.take()
    assert token is not None
    return token


def test_an_email_counts_when_its_bytes_have_left(store: Store) -> None:
    clock = TestClock()
    window = window_on(store, clock, 1)
    reservation = window.reserve(1, Kind.MARKETING)
    assert isinstance(reservation, Granted)
    token = taken(reservation)
    assert token.may_leave()
    clock.forward(seconds=2)
    assert isinstance(window.reserve(1, Kind.MARKETING), Wait)
    token.has_left()
    wait = window.reserve(1, Kind.MARKETING)
    assert isinstance(wait, Wait)
    assert 0.5 <= wait.seconds <= 0.53


def test_a_token_lets_one_email_leave(store: Store) -> None:
    tokens = granted(store, TestClock())
    token = taken(tokens)
    assert token.may_leave()
    token.has_left()
    assert not token.may_leave()
    token.has_left()
    assert (token.too_late, tokens.report().sent.total()) == (False, 1)


def test_what_is_stopped_for_too_long_does_not_leave_any_more(store: Store) -> None:
    clock = TestClock()
    token = taken(granted(store, clock))
    clock.forward(seconds=5.001)
    assert (token.may_leave(), token.too_late) == (False, True)
    clock.forward(seconds=-3)
    assert not token.may_leave()


def test_what_is_leaving_is_not_given_back_by_others_who_give_up(store: Store) -> None:
    tokens = granted(store, TestClock(), wanted=2)
    leaving, staying = taken(tokens), taken(tokens)
    assert leaving.may_leave()
    tokens.close()
    assert not staying.may_leave()
    assert not tokens.done
    leaving.has_left()
    assert (tokens.done, tokens.report().unused) == (True, tokens.count - 1)


def test_a_transport_that_says_nothing_has_sent_when_it_returns(store: Store) -> None:
    tokens = granted(store, TestClock())
    token = taken(tokens)
    with token.current():
        assert current_token() is token
    assert current_token() is None
    assert (tokens.report().sent.total(), token.too_late) == (1, False)
