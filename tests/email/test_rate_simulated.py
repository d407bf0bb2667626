"""In simulated time: no second sees more sends than the rate, whoever sends, and almost none fewer."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from backend.domain.emails import Account, Kind
from backend.email.rate import RateWindow, Wait
from backend.email.rate_tokens import Granted
from backend.store.meter import Meter
from backend.store.port import Store
from backend.store.sql import SqlStore
from tests.email.windows import most_in_a_second, spend, window_on
from tests.support import NOW, TestClock

SES = Account(per_second=14.0, daily_quota=-1, sent_last_24_hours=0, sandbox=False, sending_enabled=True)


@pytest.fixture
def store() -> Iterator[Store]:
    store = SqlStore("sqlite://")
    store.create_tables()
    yield store
    store.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


# --- in simulated time -------------------------------------------------------------------------------------------


@dataclass(order=True)
class Worker:
    """Sends one email after the other, as fast as its costs and the window let it."""

    ready: float
    number: int
    window: RateWindow = field(compare=False)
    held: Granted | None = field(compare=False, default=None)


@dataclass
class Simulation:
    """Workers of several processes in one simulated time; costs are seconds."""

    store: Store
    rate: float
    workers: int = 1
    batch: int = 50
    reserving: float = 0.002
    sending: float = 0.0002
    jitter: float = 0.0

    def run(self, seconds: float) -> list[float]:
        """The moments of all sends, from zero."""
        clock, chance, sends = TestClock(), Random(3), list[float]()
        queue = [Worker(0.0, number, window_on(self.store, clock, self.rate)) for number in range(self.workers)]
        while queue[0].ready < seconds:
            worker = queue[0]
            clock.now = NOW + timedelta(seconds=worker.ready)
            cost = self.sending if self._sends(worker) else self._reserves(worker)
            moment = (clock.now - NOW).total_seconds()  # a token waits for its own
            if cost is self.sending:
                sends.append(moment)
            heapq.heapreplace(queue, Worker(moment + cost * (1 + self.jitter * chance.random()), *_rest(worker)))
        return sends

    def _sends(self, worker: Worker) -> bool:
        return worker.held is not None and spend(worker.held)

    def _reserves(self, worker: Worker) -> float:
        reservation = worker.window.reserve(self.batch, Kind.MARKETING)
        worker.held = reservation if isinstance(reservation, Granted) else None
        return self.reserving + (reservation.seconds if isinstance(reservation, Wait) else 0.0)


def _rest(worker: Worker) -> tuple[int, RateWindow, Granted | None]:
    return worker.number, worker.window, worker.held


@pytest.mark.parametrize("rate", [1, 2, 14, 50, 200, 1000, 2000])
@pytest.mark.parametrize("workers", [1, 3])
def test_at_a_set_rate_97_to_100_percent_go_out_and_never_more_in_any_second(
    store: Store, rate: int, workers: int
) -> None:
    seconds = 40 if rate < 100 else 8
    sends = Simulation(store, rate, workers).run(seconds)
    assert most_in_a_second(sends) <= rate
    # The first second begins with a full window, so it is left out.
    steady = [moment for moment in sends if moment >= 1]
    assert 0.97 <= len(steady) / (rate * (seconds - 1)) <= 1.0


def test_slow_and_uneven_workers_never_exceed_the_rate(store: Store) -> None:
    simulation = Simulation(store, 100, workers=6, batch=20, reserving=0.03, sending=0.02, jitter=4.0)
    sends = simulation.run(10)
    assert most_in_a_second(sends) <= 100
    assert len(sends) > 500


def test_sends_are_spread_over_the_second(store: Store) -> None:
    sends = Simulation(store, 200, sending=0.0001).run(5)
    for tenth in range(10, 50):
        assert sum(tenth <= moment * 10 < tenth + 1 for moment in sends) <= 200 / 10 * 2.5


def test_a_rate_below_one_is_one_send_in_a_longer_time(store: Store) -> None:
    sends = Simulation(store, 0.25).run(60)
    assert all(later - earlier >= 4.0 for earlier, later in pairwise(sends))
    assert len(sends) >= 14


def test_reserving_costs_little_at_a_high_rate() -> None:
    meter = Meter()
    store = SqlStore("sqlite://", meter=meter)
    store.create_tables()
    sends = Simulation(store, 2000, sending=0.0001).run(3)
    assert meter.usage()["rate window"].write_units < len(sends) / 10
