"""Leaderboards: right after every change, in one total order, and as cheap for many customers as for few."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.orders import OrderStatus
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers import customers, leaderboards
from backend.services.customers.customers import Profile
from backend.services.customers.leaderboards import Measure
from backend.services.orders import orders
from backend.store.meter import Meter, access_pattern
from tests.support import NOW, STAFF, add_customer, add_order, draft, opened_shop, ref

MONTH = "2026-11"


def _top(shop: Shop, by: Measure = Measure.REVENUE, month: str = "") -> list[tuple[str, int, int]]:
    return [(each.name, each.orders, each.revenue) for each in leaderboards.top_customers(shop, by, month)]


def test_the_best_customers_come_first_by_each_measure(shop: Shop) -> None:
    big, often = add_customer(shop, "Big"), add_customer(shop, "Often")
    add_order(shop, big, 9000)
    for _ in range(3):
        add_order(shop, often, 100)
    assert _top(shop) == [("Big", 1, 9000), ("Often", 3, 300)]
    assert _top(shop, Measure.ORDERS) == [("Often", 3, 300), ("Big", 1, 9000)]


def test_a_month_ranks_by_what_happened_in_it(shop: Shop) -> None:
    once, lately = add_customer(shop, "Once"), add_customer(shop, "Lately")
    add_order(shop, once, 9000, placed_at=NOW - timedelta(days=40))
    add_order(shop, lately, 100)
    assert _top(shop, month="2026-10") == [("Once", 1, 9000)]
    assert _top(shop, month=MONTH) == [("Lately", 1, 100)]
    assert _top(shop, month="2026-09") == []


def test_equal_customers_are_ordered_by_their_id(shop: Shop) -> None:
    equal = [add_customer(shop) for _ in range(30)]
    for customer in equal:
        add_order(shop, customer, 500)
    for by in Measure:
        for month in ("", MONTH):
            found = [each.id for each in leaderboards.top_customers(shop, by, month, limit=30)]
            assert found == sorted(each.id for each in equal)


def test_an_order_of_any_size_keeps_ties_and_figures_exact(shop: Shop) -> None:
    customer = add_customer(shop)
    for _ in range(3):
        add_order(shop, customer, 10**11)
    (best,) = leaderboards.top_customers(shop, Measure.REVENUE)
    assert (best.orders, best.revenue) == (3, 3 * 10**11)


def test_a_customer_without_orders_is_on_no_board(shop: Shop) -> None:
    add_customer(shop)
    assert _top(shop) == []


def test_cancelling_the_last_order_leaves_the_boards_and_undoing_it_returns(shop: Shop) -> None:
    customer = add_customer(shop, "Maria")
    order = add_order(shop, customer, 700)
    cancelled = orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
    for by in Measure:
        assert _top(shop, by) == []
        assert _top(shop, by, MONTH) == []
    orders.change_status(shop, STAFF, ref(cancelled), OrderStatus.PAID)
    for by in Measure:
        assert _top(shop, by) == [("Maria", 1, 700)]
        assert _top(shop, by, MONTH) == [("Maria", 1, 700)]


def test_a_customer_leaves_only_the_month_in_which_nothing_is_left(shop: Shop) -> None:
    customer = add_customer(shop, "Maria")
    old = add_order(shop, customer, 700, placed_at=NOW - timedelta(days=40))
    add_order(shop, customer, 100)
    orders.change_status(shop, STAFF, ref(old), OrderStatus.CANCELLED)
    assert _top(shop) == [("Maria", 1, 100)]
    assert _top(shop, month="2026-10") == []
    assert _top(shop, month=MONTH) == [("Maria", 1, 100)]


def test_a_customer_whose_orders_are_all_refunded_stays_with_nothing(shop: Shop) -> None:
    order = add_order(shop, add_customer(shop, "Maria"), 700)
    orders.refund_order(shop, STAFF, ref(order), 700, "", "refund-1")
    assert _top(shop) == [("Maria", 1, 0)]


def test_an_edit_or_refund_counts_in_the_month_of_the_order(shop: Shop) -> None:
    customer = add_customer(shop, "Maria")
    order = add_order(shop, customer, 700, placed_at=NOW - timedelta(days=40))
    edited = orders.edit_order(shop, STAFF, ref(order), draft(customer, 1000))
    orders.refund_order(shop, STAFF, ref(edited), 400, "", "refund-1")
    assert _top(shop, month="2026-10") == [("Maria", 1, 600)]
    assert _top(shop, month=MONTH) == []
    assert _top(shop) == [("Maria", 1, 600)]


def test_a_board_shows_who_was_archived_as_archived(shop: Shop) -> None:
    customer = add_customer(shop, "Maria")
    add_order(shop, customer)
    customers.archive_customer(shop, STAFF, customer.id, 1)
    (best,) = leaderboards.top_customers(shop, Measure.REVENUE)
    assert best.archived


def test_a_board_follows_tags(shop: Shop) -> None:
    customer = add_customer(shop, "Maria")
    add_order(shop, customer)
    customers.edit_customer(shop, STAFF, customer.id, 1, Profile("Maria", tags=("vip",)))
    (best,) = leaderboards.top_customers(shop, Measure.ORDERS)
    assert (best.tags, best.email) == (("vip",), None)


@pytest.mark.parametrize("month", ["2026", "2026-13", "2026-00", "26-11", "2026-11-01", "ALL", "2026-11\n"])
def test_what_is_no_month_is_refused(shop: Shop, month: str) -> None:
    with pytest.raises(InvalidInputError, match="2026-11"):
        leaderboards.top_customers(shop, Measure.REVENUE, month)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_limit_that_makes_no_sense_is_refused(shop: Shop, limit: int) -> None:
    with pytest.raises(InvalidInputError, match="Between 1 and 1,000"):
        leaderboards.top_customers(shop, Measure.REVENUE, limit=limit)


def test_the_limit_is_kept_and_the_order_goes_on_beyond_a_page(shop: Shop) -> None:
    for amount in range(1, 61):
        add_order(shop, add_customer(shop), amount)
    found = [each.revenue for each in leaderboards.top_customers(shop, Measure.REVENUE, limit=50)]
    assert found == list(range(60, 10, -1))


def test_the_top_25_costs_at_most_four_read_units_however_many_customers_there_are() -> None:
    meter = Meter()
    with opened_shop(meter=meter) as shop:
        for number in range(120):
            add_order(shop, add_customer(shop, f"Customer {number}", tags=["newsletter"], country="DE"), number)
        with access_pattern("top 25"):
            assert len(leaderboards.top_customers(shop, Measure.REVENUE)) == 25
        used = meter.usage()["top 25"]
    assert used.requests <= 8
    assert used.read_units <= 4
