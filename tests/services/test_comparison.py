"""Which days a period is compared with, month lengths and leap days included."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backend.services.statistics.comparison import Period, days_before
from backend.services.statistics.overview import days_of


def compared(period: Period | None, first: date, last: date) -> tuple[date, date]:
    before = days_before(first, last, period)
    assert before is not None
    return before.first, before.last


@pytest.mark.parametrize(
    ("period", "today", "first", "last"),
    [
        (Period.LAST_MONTH, date(2026, 12, 1), date(2026, 10, 1), date(2026, 10, 31)),
        (Period.LAST_MONTH, date(2026, 4, 9), date(2026, 2, 1), date(2026, 2, 28)),
        (Period.LAST_MONTH, date(2026, 2, 9), date(2025, 12, 1), date(2025, 12, 31)),
        (Period.THIS_MONTH, date(2026, 3, 30), date(2026, 2, 1), date(2026, 2, 28)),
        (Period.THIS_MONTH, date(2026, 11, 12), date(2026, 10, 1), date(2026, 10, 12)),
        (Period.THIS_YEAR, date(2026, 1, 31), date(2025, 1, 1), date(2025, 1, 31)),
        (Period.THIS_YEAR, date(2026, 11, 26), date(2025, 1, 1), date(2025, 11, 26)),
        (Period.THIS_YEAR, date(2028, 2, 29), date(2027, 1, 1), date(2027, 2, 28)),
        (Period.THIS_YEAR, date(2029, 2, 28), date(2028, 1, 1), date(2028, 2, 28)),
        (Period.LAST_YEAR, date(2029, 5, 5), date(2027, 1, 1), date(2027, 12, 31)),
        (Period.TODAY, date(2026, 3, 1), date(2026, 2, 28), date(2026, 2, 28)),
        (Period.LAST_7_DAYS, date(2026, 11, 26), date(2026, 11, 13), date(2026, 11, 19)),
    ],
)
def test_a_named_period_is_compared_with_the_same_part_of_the_calendar(
    period: Period, today: date, first: date, last: date
) -> None:
    assert compared(period, *days_of(period, today)) == (first, last)


def test_chosen_days_are_compared_with_as_many_days_and_whole_months_with_whole_months() -> None:
    assert compared(None, date(2026, 11, 3), date(2026, 11, 5)) == (date(2026, 10, 31), date(2026, 11, 2))
    assert compared(None, date(2026, 2, 1), date(2026, 2, 28)) == (date(2026, 1, 1), date(2026, 1, 31))
    assert compared(None, date(2026, 7, 1), date(2026, 9, 30)) == (date(2026, 4, 1), date(2026, 6, 30))
    assert days_before(date(2026, 7, 1), date(2026, 9, 30), Period.ALL_TIME) is None


@pytest.mark.parametrize("period", [each for each in Period if each is not Period.ALL_TIME])
def test_the_days_beside_each_day_are_together_the_days_before(period: Period) -> None:
    for offset in range(0, 1500, 13):
        first, last = days_of(period, date(2026, 1, 1) + timedelta(days=offset))
        before = days_before(first, last, period)
        assert before is not None
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        beside = [before.part(first, day, day) for day in days]
        covered = [low + timedelta(days=n) for low, high in beside for n in range((high - low).days + 1)]
        assert covered == [before.first + timedelta(days=n) for n in range((before.last - before.first).days + 1)]
