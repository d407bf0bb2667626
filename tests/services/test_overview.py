"""The Overview's numbers: periods by name, comparison with the time before, and charts without gaps."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from backend.domain.orders import OrderStatus
from backend.domain.totals import Totals
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders.orders import change_status
from backend.services.statistics.comparison import Against, Before
from backend.services.statistics.figures import totals_by_day, totals_of
from backend.services.statistics.overview import (
    Granularity,
    Period,
    days_of,
    first_day,
    granularities_of,
    overview_of,
    recent_orders,
)
from tests.support import STAFF, add_customer, add_order, opened_shop, ref

THURSDAY = date(2026, 11, 26)


def at(month: int, day: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.TODAY, THURSDAY, THURSDAY),
        (Period.LAST_7_DAYS, date(2026, 11, 20), THURSDAY),
        (Period.LAST_30_DAYS, date(2026, 10, 28), THURSDAY),
        (Period.LAST_90_DAYS, date(2026, 8, 29), THURSDAY),
        (Period.THIS_MONTH, date(2026, 11, 1), THURSDAY),
        (Period.LAST_MONTH, date(2026, 10, 1), date(2026, 10, 31)),
        (Period.THIS_YEAR, date(2026, 1, 1), THURSDAY),
        (Period.LAST_YEAR, date(2025, 1, 1), date(2025, 12, 31)),
        (Period.ALL_TIME, date(2024, 2, 29), THURSDAY),
    ],
)
def test_a_period_has_the_days_that_people_mean(period: Period, first: date, last: date) -> None:
    assert days_of(period, THURSDAY, date(2024, 2, 29)) == (first, last)


def test_last_month_is_december_in_january_and_february_has_its_leap_day() -> None:
    assert days_of(Period.LAST_MONTH, date(2026, 1, 31)) == (date(2025, 12, 1), date(2025, 12, 31))
    assert days_of(Period.LAST_MONTH, date(2028, 3, 31)) == (date(2028, 2, 1), date(2028, 2, 29))


def test_a_period_is_compared_with_as_many_days_before_it(shop: Shop) -> None:
    maria, jonas = add_customer(shop, "Maria"), add_customer(shop, "Jonas")
    add_order(shop, maria, 1000, placed_at=at(11, 19))
    add_order(shop, maria, 3000, placed_at=at(11, 20))
    add_order(shop, jonas, 500, placed_at=at(11, 26))
    figures = overview_of(shop, date(2026, 11, 20), THURSDAY)
    assert figures.totals == Totals(orders=2, revenue=3500, new_customers=1)
    assert figures.before == Totals(orders=1, revenue=1000, new_customers=1)
    assert overview_of(shop, date(2026, 11, 20), THURSDAY, period=Period.ALL_TIME).before is None


def test_a_chart_has_a_point_for_every_day_and_each_has_its_day_before(shop: Shop) -> None:
    maria = add_customer(shop)
    add_order(shop, maria, 1000, placed_at=at(11, 21))
    add_order(shop, maria, 700, placed_at=at(11, 14))
    figures = overview_of(shop, date(2026, 11, 20), THURSDAY)
    assert [bucket.first.day for bucket in figures.buckets] == [20, 21, 22, 23, 24, 25, 26]
    assert [bucket.totals.revenue for bucket in figures.buckets] == [0, 1000, 0, 0, 0, 0, 0]
    assert [bucket.totals.revenue for bucket in figures.earlier] == [0, 700, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("granularity", Granularity)
def test_the_points_of_a_chart_add_up_to_the_period(shop: Shop, granularity: Granularity) -> None:
    maria = add_customer(shop)
    for month in range(8, 12):
        add_order(shop, maria, month * 100, placed_at=at(month, 3 * (month - 6)))
    figures = overview_of(shop, date(2026, 8, 2), THURSDAY, granularity)
    assert sum(bucket.totals.revenue for bucket in figures.buckets) == figures.totals.revenue == 3800
    assert figures.before is not None
    assert sum(bucket.totals.revenue for bucket in figures.earlier) == figures.before.revenue
    ends = [(bucket.first, bucket.last) for bucket in figures.buckets]
    assert ends[0][0] == date(2026, 8, 2)
    assert ends[-1][1] == THURSDAY
    assert all((low - high).days == 1 for (_, high), (low, _) in itertools.pairwise(ends))


@pytest.mark.parametrize(("locale", "begins"), [("en_US", 15), ("de_DE", 16), ("ar_EG", 14)])
def test_weeks_begin_where_the_locale_says_and_months_on_their_first_day(shop: Shop, locale: str, begins: int) -> None:
    weeks = overview_of(replace(shop, locale=locale), date(2026, 11, 11), THURSDAY, Granularity.WEEK)
    assert [bucket.first.day for bucket in weeks.buckets] == [11, begins, begins + 7]
    months = overview_of(shop, date(2026, 9, 15), THURSDAY, Granularity.MONTH)
    assert [bucket.first for bucket in months.buckets] == [date(2026, 9, 15), date(2026, 10, 1), date(2026, 11, 1)]


def test_a_single_day_is_drawn_at_the_end_of_two_weeks(shop: Shop) -> None:
    figures = overview_of(shop, THURSDAY, THURSDAY)
    assert len(figures.buckets) == 14
    assert figures.chart_first == date(2026, 11, 13)
    assert figures.buckets[-1].first == THURSDAY
    assert figures.earlier == ()


def test_days_are_days_of_the_shops_zone() -> None:
    with opened_shop(zone="Pacific/Auckland") as shop:
        add_order(shop, add_customer(shop), 1000, placed_at=at(11, 25, hour=23))
        assert overview_of(shop, THURSDAY, THURSDAY).totals.orders == 1


@pytest.mark.parametrize(("days", "best"), [(1, "day"), (93, "day"), (94, "week"), (400, "week"), (401, "month")])
def test_the_longer_the_range_the_coarser_its_chart(days: int, best: str) -> None:
    first = date.fromordinal(THURSDAY.toordinal() - days + 1)
    assert granularities_of(first, THURSDAY)[0].value == best


def test_the_first_day_is_that_of_the_earliest_order_that_counts(shop: Shop) -> None:
    assert first_day(shop) is None
    maria = add_customer(shop)
    add_order(shop, maria, placed_at=at(3, 1))
    assert first_day(shop) == date(2026, 3, 1)
    add_order(shop, maria, placed_at=datetime(2003, 7, 9, tzinfo=UTC))
    assert first_day(shop) == date(2003, 7, 9)


def test_the_figures_agree_with_the_day_totals_after_cancels(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop), 4000, placed_at=at(11, 25))
    change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
    figures = overview_of(shop, date(2026, 11, 1), THURSDAY)
    assert figures.totals == totals_of(totals_by_day(shop, date(2026, 11, 1), THURSDAY))
    assert figures.totals.cancelled == 1


def test_recent_orders_are_the_newest_first(shop: Shop) -> None:
    maria = add_customer(shop)
    placed = [add_order(shop, maria, placed_at=at(month, 1)) for month in (2, 9, 11)]
    assert [order.id for order in recent_orders(shop, 2)] == [placed[2].id, placed[1].id]


def test_a_range_that_is_upside_down_is_refused(shop: Shop) -> None:
    with pytest.raises(InvalidInputError, match="after the last day"):
        overview_of(shop, THURSDAY, date(2026, 11, 1))


def test_a_period_is_compared_with_the_same_dates_last_year(shop: Shop) -> None:
    maria = add_customer(shop)
    for day, total in ((date(2025, 11, 1), 300), (date(2025, 11, 26), 200), (date(2025, 11, 27), 50)):
        add_order(shop, maria, total, placed_at=datetime.combine(day, time(12), UTC))
    figures = overview_of(shop, date(2026, 11, 1), THURSDAY, period=Period.THIS_MONTH, against=Against.LAST_YEAR)
    assert figures.before is not None
    assert figures.before.revenue == 500
    assert figures.compared == Before(date(2025, 11, 1), date(2025, 11, 26), 12)
    assert overview_of(shop, THURSDAY, THURSDAY, period=Period.ALL_TIME, against=Against.LAST_YEAR).before is None
