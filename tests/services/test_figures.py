"""Totals by day and counters by tag and country: they say what orders and customers say, on the shop's own days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.domain.orders import OrderStatus
from backend.domain.totals import Totals
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.orders import orders
from backend.services.statistics import figures, overview
from tests.support import NOW, STAFF, TestClock, add_customer, add_order, draft, opened_shop, ref

TODAY = NOW.date()
LONG_AGO = date(2000, 1, 1)


def _days(shop: Shop) -> dict[str, Totals]:
    return {f"{each.day}": each.totals for each in figures.totals_by_day(shop, LONG_AGO, TODAY + timedelta(days=9))}


def test_a_day_adds_up_what_was_placed_on_it(shop: Shop) -> None:
    add_order(shop, add_customer(shop), 1000)
    add_order(shop, add_customer(shop), 500)
    assert _days(shop) == {"2026-11-26": Totals(orders=2, revenue=1500, new_customers=2)}


def test_changes_count_on_the_day_of_the_order_not_on_the_day_of_the_change(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop)
    first, second, third = (add_order(shop, customer, 1000) for _ in range(3))
    clock.forward(days=10)
    orders.refund_order(shop, STAFF, ref(first), 300, "", "refund-1")
    orders.change_status(shop, STAFF, ref(second), OrderStatus.CANCELLED)
    orders.edit_order(shop, STAFF, ref(third), draft(customer, 200))
    assert _days(shop) == {
        "2026-11-26": Totals(orders=2, revenue=900, refunded=300, cancelled=1, new_customers=1),
    }


def test_a_cancelled_order_gives_back_its_revenue_but_its_refund_stays(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop), 1000)
    refunded = orders.refund_order(shop, STAFF, ref(order), 400, "", "refund-1")
    cancelled = orders.change_status(shop, STAFF, ref(refunded), OrderStatus.CANCELLED)
    assert _days(shop)["2026-11-26"] == Totals(refunded=400, cancelled=1, new_customers=1)
    orders.change_status(shop, STAFF, ref(cancelled), OrderStatus.PAID)
    assert _days(shop)["2026-11-26"] == Totals(orders=1, revenue=600, refunded=400, new_customers=1)


def test_a_back_dated_order_moves_the_day_on_which_its_customer_was_new(shop: Shop) -> None:
    customer = add_customer(shop)
    add_order(shop, customer, 100)
    add_order(shop, customer, 200, placed_at=NOW - timedelta(days=2))
    add_order(shop, customer, 400, placed_at=NOW - timedelta(days=1))
    assert _days(shop) == {
        "2026-11-24": Totals(orders=1, revenue=200, new_customers=1),
        "2026-11-25": Totals(orders=1, revenue=400),
        "2026-11-26": Totals(orders=1, revenue=100),
    }
    assert customers.get_customer(shop, customer.id).first_day == "2026-11-24"


def test_days_are_those_of_the_shops_zone_also_when_clocks_change() -> None:
    with opened_shop(zone="Europe/Berlin") as shop:
        customer = add_customer(shop)
        for moment in (
            datetime(2026, 10, 24, 21, 59, tzinfo=UTC),  # 23:59 in summer
            datetime(2026, 10, 24, 22, 0, tzinfo=UTC),  # midnight in summer
            datetime(2026, 10, 25, 22, 59, tzinfo=UTC),  # 23:59 in winter: the day had 25 hours
            datetime(2026, 10, 25, 23, 0, tzinfo=UTC),  # midnight in winter
        ):
            add_order(shop, customer, 1, placed_at=moment)
        assert {day: totals.orders for day, totals in _days(shop).items()} == {
            "2026-10-24": 1,
            "2026-10-25": 2,
            "2026-10-26": 1,
        }


def test_a_range_includes_both_ends_and_crosses_years(shop: Shop) -> None:
    customer = add_customer(shop)
    for day in (date(2024, 12, 30), date(2024, 12, 31), date(2025, 6, 1), date(2026, 1, 1), date(2026, 1, 2)):
        add_order(shop, customer, 1, placed_at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    found = figures.totals_by_day(shop, date(2024, 12, 31), date(2026, 1, 1))
    assert [each.day for each in found] == [date(2024, 12, 31), date(2025, 6, 1), date(2026, 1, 1)]
    assert figures.totals_of(found).orders == 3


def test_a_range_upside_down_is_refused_and_an_endless_one_is_not(shop: Shop) -> None:
    add_order(shop, add_customer(shop))
    with pytest.raises(InvalidInputError, match="after the last day"):
        figures.totals_by_day(shop, TODAY, TODAY - timedelta(days=1))
    assert len(figures.totals_by_day(shop, date.min, date.max)) == 1
    assert figures.totals_by_day(shop, date(2500, 1, 1), date(2600, 1, 1)) == []


def test_an_empty_shop_has_no_days_and_totals_of_nothing(shop: Shop) -> None:
    days = figures.totals_by_day(shop, LONG_AGO, TODAY)
    total = figures.totals_of(days)
    assert (days, total) == ([], Totals())
    assert (total.average_order, total.refund_rate, total.repeat_orders) == (0, 0.0, 0)


def test_counts_come_largest_first_and_name_customers_without_a_country(shop: Shop) -> None:
    for country in ("DE", "FR", "FR", ""):
        add_customer(shop, country=country)
    assert list(figures.counts_of(shop, "country").items()) == [("FR", 2), ("-", 1), ("DE", 1)]


def test_buyers_are_different_people_with_an_order_that_counts(shop: Shop) -> None:
    twice, once, gone = (add_customer(shop) for _ in range(3))
    add_order(shop, twice)
    add_order(shop, twice, placed_at=NOW - timedelta(days=1))
    add_order(shop, once, placed_at=NOW - timedelta(days=2), status=OrderStatus.PENDING)
    cancelled = add_order(shop, gone)
    orders.change_status(shop, STAFF, ref(cancelled), OrderStatus.CANCELLED)
    assert overview.count_buyers(shop, TODAY - timedelta(days=2), TODAY) == 2
    assert overview.count_buyers(shop, TODAY, TODAY) == 1
    assert overview.count_buyers(shop, date.min, date.max) == 2
    with pytest.raises(InvalidInputError, match="after the last day"):
        overview.count_buyers(shop, TODAY, TODAY - timedelta(days=1))
