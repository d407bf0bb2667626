"""The rate window: tokens are good once and for a moment, shared by all, and fail closed."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from backend.domain.emails import Account, Kind
from backend.domain.time import utc_now
from backend.email.rate import RatePolicy, RateWindow, Wait
from backend.email.rate_tokens import Granted
from backend.email.transports.outbox import FREE
from backend.errors import StoreBusyError, StoreUnreachableError
from backend.store import schema
from backend.store.port import Item, Key, Put, Store
from backend.store.sql import SqlStore
from tests.email.windows import most_in_a_second, sleep_on, spend, window_on
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


# --- tokens ------------------------------------------------------------------------------------------------------


def granted(window: RateWindow, wanted: int) -> Granted:
    reservation = window.reserve(wanted, Kind.MARKETING)
    assert isinstance(reservation, Granted)
    return reservation


def test_a_token_is_good_for_one_send(store: Store, clock: TestClock) -> None:
    tokens = granted(window_on(store, clock, 100), 2)
    assert [spend(tokens) for _ in range(3)] == [True, True, False]


def test_a_token_is_good_for_five_seconds(store: Store, clock: TestClock) -> None:
    tokens = granted(window_on(store, clock, 100), 2)
    clock.forward(seconds=5)
    assert spend(tokens)
    clock.forward(microseconds=1)
    assert not spend(tokens)
    clock.forward(seconds=-1)
    assert not spend(tokens)


def test_closed_tokens_cannot_be_spent(store: Store, clock: TestClock) -> None:
    tokens = granted(window_on(store, clock, 100), 2)
    tokens.close()
    assert (spend(tokens), tokens.done) == (False, True)


def test_who_never_reports_has_used_everything(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 2)
    granted(window, 1)
    clock.forward(seconds=5.01)
    granted(window, 1)
    clock.forward(seconds=0.5)
    assert isinstance(window.reserve(1, Kind.MARKETING), Wait)


def test_tokens_that_were_not_used_are_free_at_once(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 2)
    first = granted(window, 1)
    clock.forward(seconds=1)
    second = granted(window, 1)
    clock.forward(milliseconds=500)
    assert isinstance(window.reserve(1, Kind.MARKETING), Wait)
    first.close()
    second.close()
    clock.forward(milliseconds=500)
    assert granted(window, 1).count == 1


def test_tokens_of_somebody_who_died_come_back_and_are_not_used_twice(store: Store, clock: TestClock) -> None:
    died = granted(window_on(store, clock, 1), 1)
    window = window_on(store, clock, 1)
    began = clock()
    while isinstance(reservation := window.reserve(1, Kind.MARKETING), Wait):
        clock.forward(seconds=reservation.seconds)
    assert spend(reservation)
    assert 6.0 < (clock() - began).total_seconds() < 6.1
    assert not spend(died)


def test_a_late_report_changes_nothing(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 1)
    assert spend(granted(window, 1))
    clock.forward(seconds=60)
    assert spend(granted(window, 1))


def test_a_wait_is_as_long_as_it_must_be(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 1)
    assert spend(granted(window, 1))
    clock.forward(milliseconds=200)
    reservation = window.reserve(1, Kind.MARKETING)
    assert isinstance(reservation, Wait)
    assert reservation.seconds == pytest.approx(0.322, abs=0.001)
    clock.forward(seconds=reservation.seconds - 0.001)
    assert isinstance(window.reserve(1, Kind.MARKETING), Wait)
    clock.forward(seconds=0.001)
    assert isinstance(window.reserve(1, Kind.MARKETING), Granted)


def test_a_token_that_is_granted_early_waits_for_its_moment(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 1)
    assert spend(granted(window, 1))
    clock.forward(milliseconds=800)
    began = clock()
    assert spend(granted(window, 1))
    assert (clock() - began).total_seconds() == pytest.approx(0.222, abs=0.001)


def test_tokens_that_will_not_be_used_come_back_as_soon_as_the_others_are_spent(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 20)
    tokens = granted(window, 2)
    tokens.use_only(1)
    assert [spend(tokens) for _ in range(2)] == [True, False]
    assert (tokens.done, tokens.report().unused) == (True, 1)


def test_without_limits_the_store_is_not_asked(clock: TestClock) -> None:
    window = RateWindow(Failing(StoreUnreachableError("")), "local", lambda: FREE, RatePolicy(), clock=clock)
    tokens = window.reserve(500, Kind.MARKETING)
    assert isinstance(tokens, Granted)
    assert all(spend(tokens) for _ in range(500))


def test_an_account_that_allows_nothing_sends_nothing(store: Store, clock: TestClock) -> None:
    assert isinstance(window_on(store, clock, 0).reserve(1, Kind.TRANSACTIONAL), Wait)


def test_the_setting_wins_over_the_account(store: Store, clock: TestClock) -> None:
    window = RateWindow(store, "test", lambda: SES, RatePolicy(rate=1), clock=clock)
    spend(granted(window, 5))
    clock.forward(milliseconds=490)
    assert isinstance(window.reserve(5, Kind.MARKETING), Wait)


# --- clocks ------------------------------------------------------------------------------------------------------


def test_a_machine_whose_clock_is_behind_is_carried_along(store: Store) -> None:
    ahead, behind = TestClock(), TestClock(NOW - timedelta(milliseconds=700))
    assert spend(granted(window_on(store, ahead, 1), 1))
    slow = window_on(store, behind, 1)
    for clock in (ahead, behind):
        clock.forward(milliseconds=1100)
    assert isinstance(slow.reserve(1, Kind.MARKETING), Wait)


def test_a_clock_that_was_wrong_by_hours_does_not_stop_the_mail(store: Store) -> None:
    wrong, right = TestClock(NOW + timedelta(hours=5)), TestClock()
    assert spend(granted(window_on(store, wrong, 1), 1))
    assert spend(granted(window_on(store, right, 1), 1))


# --- several at once ---------------------------------------------------------------------------------------------


class Watch(threading.local):
    """The real clock, which remembers for each thread what it said last: for a token, the moment it was spent."""

    said: datetime = NOW

    def __call__(self) -> datetime:
        self.said = utc_now()
        return self.said


def _send_in_threads(url: str, rate: int, seconds: float) -> list[float]:
    store, watch, end = SqlStore(url), Watch(), time.time() + seconds
    window = window_on(store, watch, rate)

    def send() -> list[float]:
        sends: list[float] = []
        while time.time() < end:
            reservation = window.reserve(10, Kind.MARKETING)
            if isinstance(reservation, Wait):
                time.sleep(reservation.seconds)
            elif isinstance(reservation, Granted):
                while time.time() < end and spend(reservation):
                    sends.append(watch.said.timestamp())
                    time.sleep(0.001)
                reservation.close()
        return sends

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(send) for _ in range(8)]
        sends = [moment for future in futures for moment in future.result()]
    store.close()
    return sends


def test_two_processes_of_eight_threads_keep_one_rate(tmp_path: Path) -> None:
    url, rate = f"sqlite:///{tmp_path}/tillpost.db", 150
    store = SqlStore(url)
    store.create_tables()
    store.close()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        both = pool.starmap(_send_in_threads, [(url, rate, 3.0)] * 2)
    sends = [moment for each in both for moment in each]
    assert most_in_a_second(sends) <= rate
    assert len(sends) > rate


# --- when the store fails ----------------------------------------------------------------------------------------


class Failing(SqlStore):
    """A store that answers reads, perhaps, and fails all writes."""

    def __init__(self, error: Exception, *, reads: bool = False) -> None:
        super().__init__("sqlite://")
        self.create_tables()
        self._error, self._reads = error, reads

    def get(self, key: Key) -> Item | None:
        if self._reads:
            return super().get(key)
        raise self._error

    def put(self, put: Put) -> None:
        raise self._error


@pytest.mark.parametrize("error", [StoreBusyError("busy"), StoreUnreachableError("gone")])
@pytest.mark.parametrize("reads", [True, False])
def test_when_the_store_fails_nobody_gets_a_token(clock: TestClock, error: Exception, reads: bool) -> None:
    with pytest.raises(type(error)):
        window_on(Failing(error, reads=reads), clock, 100).reserve(1, Kind.TRANSACTIONAL)


def test_whoever_is_always_overtaken_gets_no_token(store: Store, clock: TestClock) -> None:
    class Overtaken(SqlStore):
        def get(self, key: Key) -> Item | None:
            item = super().get(key)
            super().put(Put(key, {**(item or {}), **_EMPTY, "version": Random().getrandbits(60)}))
            return item

    overtaken = Overtaken("sqlite://")
    overtaken.create_tables()
    with pytest.raises(StoreBusyError):
        window_on(overtaken, clock, 100).reserve(1, Kind.TRANSACTIONAL)


_EMPTY: Item = {"at": 0, "paced_until": 0, "total": 0, "sent": {}, "held": {}, "hours": {}}


# --- a window that cannot be read --------------------------------------------------------------------------------

KEY = schema.rate_key("test")


def _without(name: str) -> Callable[[Item], Item]:
    return lambda item: {key: value for key, value in item.items() if key != name}


@pytest.mark.parametrize(
    "change",
    [
        _without("version"),
        lambda item: item | {"at": "now"},
        lambda item: item | {"sent": ["nonsense"]},
        lambda item: item | {"held": {"a": [1]}},
        lambda item: item | {"hours": {"yesterday": [1, 1]}},
        lambda item: item | {"total": -5},
        lambda _: {},
    ],
)
def test_a_window_that_cannot_be_read_begins_again_and_no_second_sees_more_than_the_rate(
    store: Store, clock: TestClock, change: Callable[[Item], Item]
) -> None:
    """Tokens of the lost window go out as late as they may, and others are asked for all the time."""
    aside: list[Key] = []
    window = RateWindow(
        store,
        "test",
        lambda: SES,
        RatePolicy(),
        clock=clock,
        sleep=sleep_on(clock),
        set_aside=lambda key, _: aside.append(key),
    )
    sends: list[float] = []
    lost: list[Granted] = []
    for _ in range(50):
        found = window.reserve(14, Kind.MARKETING)
        lost += [found] if isinstance(found, Granted) else []
        clock.forward(milliseconds=20)
    store.put(Put(KEY, change(store.get(KEY) or {})))
    while clock() < NOW + timedelta(seconds=20):
        tokens = window.reserve(14, Kind.MARKETING)
        if isinstance(tokens, Granted):
            while spend(tokens):
                sends.append(clock().timestamp())
            tokens.close()
        for late in lost if clock() >= NOW + timedelta(seconds=4.9) else ():
            while spend(late):
                sends.append(clock().timestamp())
        clock.forward(milliseconds=20)
    assert aside == [KEY]
    assert most_in_a_second(sends) <= 14
    assert len(sends) > 14 * 10


def test_the_day_of_a_window_that_begins_again_is_what_the_provider_has_counted(store: Store, clock: TestClock) -> None:
    account = replace(SES, daily_quota=100, sent_last_24_hours=97)
    window = RateWindow(store, "test", lambda: account, RatePolicy(rate=14, daily_quota=100), clock=clock)
    store.put(Put(KEY, {"version": "nonsense"}))
    window.reserve(1, Kind.MARKETING)
    clock.forward(seconds=7)
    assert granted(window, 10).count == 3
