"""The quota of 24 hours: counted per recipient, with a share that a campaign cannot take from other mail."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from backend.domain.emails import Account, Kind
from backend.email.rate import QuotaReached, RatePolicy, RateWindow
from backend.email.rate_tokens import Granted
from backend.email.transports.protocol import AccountUnknownError
from backend.store.port import Store
from backend.store.sql import SqlStore
from tests.email.windows import sleep_on, spend
from tests.support import NOW, TestClock, outcomes_of

T, M = Kind.TRANSACTIONAL, Kind.MARKETING
FAST = 10_000.0


@pytest.fixture
def store() -> Iterator[Store]:
    store = SqlStore("sqlite://")
    store.create_tables()
    yield store
    store.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


class Provider:
    """Says what the account allows; each answer is a new one, as SES's is once a minute."""

    def __init__(self, quota: int, sent: int = 0, per_second: float = FAST) -> None:
        self.current = Account(per_second, quota, sent, sandbox=False, sending_enabled=True)

    def __call__(self) -> Account:
        return self.current

    def tells(self, sent: int) -> None:
        self.current = Account(
            self.current.per_second, self.current.daily_quota, sent, sandbox=False, sending_enabled=True
        )


def window_on(
    store: Store, clock: TestClock, quota: int, *, share: float = 0.0, provider: Provider | None = None
) -> RateWindow:
    policy = RatePolicy(transactional_share=share)
    return RateWindow(store, "test", provider or Provider(quota), policy, clock=clock, sleep=sleep_on(clock))


def send(window: RateWindow, wanted: int, kind: Kind, clock: TestClock) -> int:
    """How many of the wanted emails go out before the quota is reached."""
    sent = 0
    while sent < wanted:
        reservation = window.reserve(wanted - sent, kind)
        if isinstance(reservation, QuotaReached):
            break
        if isinstance(reservation, Granted):
            while spend(reservation):
                sent += 1
        clock.forward(milliseconds=50)
    return sent


def test_no_more_than_the_quota_goes_out(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 200)
    assert (send(window, 500, M, clock), send(window, 1, T, clock)) == (200, 0)


def test_a_share_is_kept_for_transactional_mail(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 100, share=0.25)
    assert (send(window, 500, M, clock), send(window, 500, T, clock)) == (75, 25)


def test_transactional_mail_may_use_what_marketing_has_left(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 100, share=0.25)
    assert (send(window, 500, T, clock), send(window, 1, M, clock)) == (100, 0)


def test_transactional_mail_comes_out_of_its_own_share_first(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 100, share=0.25)
    assert (send(window, 20, T, clock), send(window, 500, M, clock), send(window, 500, T, clock)) == (20, 75, 5)


def test_the_quota_comes_back_by_the_hour(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 100)
    send(window, 60, M, clock)
    clock.forward(hours=3)
    send(window, 500, M, clock)
    reached = window.reserve(1, M)
    assert reached == QuotaReached(NOW + timedelta(hours=25))
    clock.now = reached.until - timedelta(seconds=1)
    assert send(window, 500, M, clock) == 0
    clock.now = reached.until
    assert send(window, 500, M, clock) == 60


def test_no_24_hours_hold_more_than_the_quota(store: Store, clock: TestClock) -> None:
    window, quota = window_on(store, clock, 50), 50
    sends: list[datetime] = []
    for _ in range(300):
        sends += [clock.now] * send(window, 7, M, clock)
        clock.forward(minutes=17)
    for moment in sends:
        assert sum(moment <= other < moment + timedelta(hours=24) for other in sends) <= quota


def test_without_a_quota_there_is_no_end(store: Store, clock: TestClock) -> None:
    assert send(window_on(store, clock, -1), 3000, M, clock) == 3000


def test_a_quota_holds_where_there_is_no_rate(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 30, provider=Provider(30, per_second=math.inf))
    assert send(window, 100, M, clock) == 30


def test_tokens_that_were_not_used_are_given_back(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 100)
    for _ in range(50):
        tokens = window.reserve(100, M)
        assert isinstance(tokens, Granted)
        spend(tokens)
        tokens.close()
        window.settle()
        clock.forward(seconds=1)
    assert send(window, 100, M, clock) == 50


def test_a_quota_of_nothing_says_to_look_again_soon(store: Store, clock: TestClock) -> None:
    assert window_on(store, clock, 0).reserve(1, T) == QuotaReached(NOW + timedelta(minutes=10))


# --- what the provider counts ------------------------------------------------------------------------------------


def test_what_others_have_sent_through_the_account_counts(store: Store, clock: TestClock) -> None:
    provider = Provider(100, sent=70)
    assert send(window_on(store, clock, 100, provider=provider), 500, M, clock) == 30


def test_what_others_have_sent_leaves_the_share_alone(store: Store, clock: TestClock) -> None:
    provider = Provider(100, sent=70)
    window = window_on(store, clock, 100, share=0.25, provider=provider)
    assert (send(window, 500, M, clock), send(window, 500, T, clock)) == (5, 25)


def test_what_the_provider_has_counted_of_ours_does_not_count_twice(store: Store, clock: TestClock) -> None:
    provider = Provider(100)
    window = window_on(store, clock, 100, provider=provider)
    assert send(window, 40, M, clock) == 40
    provider.tells(40)
    assert send(window, 500, M, clock) == 60


def test_a_provider_that_lags_behind_changes_nothing(store: Store, clock: TestClock) -> None:
    provider = Provider(100)
    window = window_on(store, clock, 100, provider=provider)
    for told in (0, 0, 10, 10):
        provider.tells(told)
        send(window, 20, M, clock)
    assert send(window, 500, M, clock) == 20


def test_when_the_provider_has_counted_more_it_is_worth_looking_again_soon(store: Store, clock: TestClock) -> None:
    window = window_on(store, clock, 100, provider=Provider(100, sent=100))
    assert window.reserve(1, M) == QuotaReached(NOW + timedelta(minutes=10))


def test_a_provider_that_says_nothing_lets_nothing_through(store: Store, clock: TestClock) -> None:
    def silent() -> Account:
        raise AccountUnknownError("SES does not say.")

    with pytest.raises(AccountUnknownError):
        RateWindow(store, "test", silent, RatePolicy(), clock=clock).reserve(1, T)
    told = RateWindow(store, "test", silent, RatePolicy(rate=5, daily_quota=100), clock=clock)
    assert isinstance(told.reserve(1, T), Granted)


def test_the_settings_win_over_the_account(store: Store, clock: TestClock) -> None:
    for daily_quota, expected in ((20, 20), (-1, 300), (0, 80)):
        fresh = RateWindow(store, f"{daily_quota}", Provider(80), RatePolicy(daily_quota=daily_quota), clock=clock)
        assert send(fresh, 300, M, clock) == expected


# --- several at once ---------------------------------------------------------------------------------------------


def test_threads_and_windows_share_one_quota(tmp_path: Path, clock: TestClock) -> None:
    store = SqlStore(f"sqlite:///{tmp_path}/tillpost.db")
    store.create_tables()
    windows = [window_on(store, clock, 300) for _ in range(4)]
    calls = [partial(send, windows[number % 4], 100, M, clock) for number in range(8)]
    sent = outcomes_of(calls)
    store.close()
    assert [count for count in sent if not isinstance(count, int)] == []
    assert sum(count for count in sent if isinstance(count, int)) == 300
