"""How mail stands: samples, lines, Gmail's bulk-sender line, and what people are told to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from backend.domain.deliverability import SES_BOUNCES, SES_COMPLAINTS, Level, rates_of, worst
from backend.domain.emails import Account
from backend.services.context import Shop
from backend.services.deliverability.account import Health, health_of, newest_days
from backend.services.sending.account import AccountUse
from backend.services.statistics.days import DayStats
from backend.store import schema
from backend.store.port import Plus, Update

TODAY = date(2026, 11, 26)
HEALTHY = Account(14.0, 50_000, 0, sandbox=False, sending_enabled=True)
USE = AccountUse("ses", 14.0, 50_000, 0, 0.1, HEALTHY, "", None)


def a_day(back: int = 0, *, sent: int = 0, template: str = "newsletter", **counts: int) -> DayStats:
    return DayStats(TODAY - timedelta(days=back), {template: {"other:sent": sent, **counts}})


def month(*known: DayStats) -> list[DayStats]:
    by_day = {stats.day: stats for stats in known}
    days = [TODAY - timedelta(days=back) for back in reversed(range(30))]
    return [by_day.get(day, DayStats(day, {})) for day in days]


def healthy(*known: DayStats, use: AccountUse = USE) -> Health:
    return health_of(month(*known), use)


@pytest.mark.parametrize(
    ("events", "volume", "level"),
    [
        (0, 0, Level.UNKNOWN),
        (9, 99, Level.UNKNOWN),
        (49, 1000, Level.GOOD),
        (50, 1000, Level.WATCH),
        (99, 1000, Level.WATCH),
        (100, 1000, Level.BAD),
    ],
)
def test_bounces_are_watched_from_5_percent_and_bad_from_10(events: int, volume: int, level: Level) -> None:
    assert SES_BOUNCES.level(events, volume) is level


@pytest.mark.parametrize(
    ("events", "volume", "level"),
    [
        (1, 500, Level.UNKNOWN),
        (0, 500, Level.GOOD),
        (9, 10_000, Level.GOOD),
        (10, 10_000, Level.WATCH),
        (50, 10_000, Level.BAD),
    ],
)
def test_complaints_are_watched_from_a_thousandth_and_one_alone_says_nothing(
    events: int, volume: int, level: Level
) -> None:
    assert SES_COMPLAINTS.level(events, volume) is level


def test_what_is_wrong_outweighs_what_is_not_known() -> None:
    assert worst([Level.GOOD, Level.UNKNOWN]) is Level.UNKNOWN
    assert worst([Level.UNKNOWN, Level.WATCH, Level.GOOD]) is Level.WATCH
    assert worst([]) is Level.GOOD


def test_the_sample_is_the_newest_ten_thousand_in_whole_days() -> None:
    health = healthy(*(a_day(back, sent=4000, delivered=4000) for back in range(10)))
    assert (health.sample.first, health.sample.last) == (TODAY - timedelta(days=2), TODAY)
    assert health.sample.rates.sent == 12_000


def test_little_mail_is_judged_by_thirty_days() -> None:
    health = healthy(a_day(29, sent=200, delivered=190, bounced=10), a_day(3, sent=100, delivered=100))
    assert health.sample.first == TODAY - timedelta(days=29)
    assert (health.bounces.events, health.bounces.volume, health.bounces.level) == (10, 300, Level.GOOD)
    assert health.level is Level.GOOD


def test_without_reports_nothing_is_claimed() -> None:
    health = healthy(a_day(sent=5000))
    assert (health.bounces.share, health.complaints.level, health.level) == (None, Level.UNKNOWN, Level.UNKNOWN)
    assert health.concerns == []


def test_complaints_and_bounces_become_concerns_the_worst_first() -> None:
    health = healthy(a_day(sent=10_000, delivered=9000, bounced=600, complained=60))
    assert [concern.level for concern in health.concerns] == [Level.BAD, Level.WATCH]
    assert "spam" in health.concerns[0].sentence
    assert health.level is Level.BAD


@pytest.mark.parametrize(
    ("account", "level", "word"),
    [
        (replace(HEALTHY, sandbox=True), Level.WATCH, "sandbox"),
        (replace(HEALTHY, status="PROBATION"), Level.BAD, "under review"),
        (replace(HEALTHY, status="SHUTDOWN"), Level.BAD, "stopped all sending"),
        (replace(HEALTHY, sending_enabled=False), Level.BAD, "stopped all sending"),
    ],
)
def test_what_the_provider_says_of_the_account_is_put_into_words(account: Account, level: Level, word: str) -> None:
    (concern,) = healthy(a_day(sent=1000, delivered=1000), use=replace(USE, account=account)).concerns
    assert concern.level is level
    assert word in concern.sentence
    assert concern.advice


def test_a_provider_that_does_not_answer_is_a_concern() -> None:
    (concern,) = healthy(use=replace(USE, account=None, unknown="SES does not say.")).concerns
    assert (concern.level, concern.sentence) == (Level.BAD, "SES does not say.")


@pytest.mark.parametrize(("used", "levels"), [(39_999, []), (40_000, [Level.WATCH]), (50_000, [Level.BAD])])
def test_a_quota_that_runs_out_is_reported_before(used: int, levels: list[Level]) -> None:
    found = healthy(a_day(sent=1000, delivered=1000), use=replace(USE, used=used)).concerns
    assert [concern.level for concern in found] == levels


def test_without_limits_nothing_is_measured_against_them() -> None:
    health = healthy(use=replace(USE, per_second=None, daily_quota=None))
    assert (health.quota.share, health.rate.share) == (None, None)


@pytest.mark.parametrize(
    ("sent", "bulk", "near"), [(3999, False, False), (4000, False, True), (4999, False, True), (5000, True, False)]
)
def test_gmails_line_is_drawn_by_the_busiest_day(sent: int, bulk: bool, near: bool) -> None:
    busiest = DayStats(TODAY - timedelta(days=9), {"newsletter": {"gmail:sent": sent}})
    health = healthy(busiest, a_day(sent=10))
    assert (health.gmail.day, health.gmail.sent) == (busiest.day, sent)
    assert (health.gmail.is_bulk, health.gmail.is_near) == (bulk, near)
    assert any("Gmail" in concern.sentence for concern in health.concerns) is near


def test_shares_are_of_what_was_no_test() -> None:
    rates = rates_of({"sent": 12, "tests": 2, "gmail:sent": 6, "other:sent": 4, "delivered": 8, "opened": 2})
    assert (rates.sent, rates.delivery_rate, rates.open_rate) == (10, 0.8, 0.25)
    nothing = rates_of({})
    assert (nothing.reported, nothing.delivery_rate, nothing.click_rate) == (False, None, None)


def test_the_days_are_read_from_the_counters(shop: Shop) -> None:
    key = schema.hours_key("2026-11-01T10", "welcome", "AAAAAAAAAA-k")
    shop.store.update(Update(key, set={"kind": "marketing"}, add={"gmail:sent": Plus(3), "bounced": Plus(1)}))
    days = newest_days(shop)
    assert (len(days), days[0].day, days[-1].day) == (30, TODAY - timedelta(days=29), TODAY)
    assert health_of(days, USE).sample.rates.bounced == 1
