"""A customer's months: without gaps, to now, and what each order and refund adds to the month of the order."""

from __future__ import annotations

from datetime import timedelta

from backend.services.context import Shop
from backend.services.customers.months import MOST_MONTHS, CustomerMonth, months_of
from backend.services.orders.orders import refund_order
from backend.services.orders.parts import new_part_id
from tests.support import NOW, STAFF, add_customer, add_order, ref


def test_months_go_from_the_first_order_to_now_without_gaps(shop: Shop) -> None:
    customer = add_customer(shop)
    old = add_order(shop, customer, 700, placed_at=NOW - timedelta(days=70))
    add_order(shop, customer, 1000)
    add_order(shop, customer, 500)
    refund_order(shop, STAFF, ref(old), 200, "Broken", new_part_id())
    assert months_of(shop, customer.id) == [
        CustomerMonth("2026-09", 1, 500),
        CustomerMonth("2026-10", 0, 0),
        CustomerMonth("2026-11", 2, 1500),
    ]


def test_a_customer_without_orders_has_no_months(shop: Shop) -> None:
    assert months_of(shop, add_customer(shop).id) == []


def test_months_of_a_customer_of_many_years_are_the_last_ones(shop: Shop) -> None:
    customer = add_customer(shop)
    for years in range(6):
        add_order(shop, customer, 100 + years, placed_at=NOW - timedelta(days=365 * years))
    months = months_of(shop, customer.id)
    assert len(months) == MOST_MONTHS
    assert (months[0].month, months[-1].month) == ("2023-12", "2026-11")
    assert sum(month.revenue for month in months) == 100 + 101 + 102
