"""Refunds by line item: the parts of an order add up to the order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.orders import LineItem, Order, OrderStatus, Refund
from backend.domain.refunds import refund_lines, shipping_left, suggested_amount
from backend.domain.time import utc_now
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders import orders
from tests.recount import assert_totals_hold
from tests.support import STAFF, add_customer, draft, ref

LINES = (LineItem("Assam tea", 3, 333, "TEA-1"), LineItem("Stoneware mug", 1, 2200))


@pytest.fixture
def order(shop: Shop) -> Order:
    wanted = draft(add_customer(shop), lines=LINES, shipping=490, discount=100, tax=199)
    return orders.place_order(shop, STAFF, wanted, orders.new_idempotency_key(shop)).order


def test_a_line_is_refunded_with_its_part_of_discount_and_tax(shop: Shop, order: Order) -> None:
    lines = refund_lines(order, (1, 0), restocked=True)
    amount = suggested_amount(order, lines, 0)
    assert amount == (order.total - 490) * 999 // 3199 // 3
    refunded = orders.refund_order(shop, STAFF, ref(order), amount, "Stale", "R1", quantities=(1, 0), restocked=True)
    assert refunded.refunds[0].lines == lines
    assert refunded.history[-1].text == f"Refunded ${amount / 100:.2f} (1 item; restocked): Stale"
    assert orders.get_order(shop, order.customer_id, order.id) == refunded
    assert_totals_hold(shop)


def test_the_amount_may_be_another_and_what_it_was_for_is_kept(shop: Shop, order: Order) -> None:
    refunded = orders.refund_order(shop, STAFF, ref(order), 500, "", "R1", quantities=(0, 1), shipping=490)
    assert (refunded.refunded, refunded.refunds[0].shipping, shipping_left(refunded)) == (500, 490, 0)


@pytest.mark.parametrize("wanted", [{"quantities": (4, 0)}, {"quantities": (1,)}, {"shipping": 491}, {"shipping": -1}])
def test_more_than_there_was_is_refused(shop: Shop, order: Order, wanted: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        orders.refund_order(shop, STAFF, ref(order), 100, "", "R1", **wanted)  # type: ignore[arg-type]
    assert orders.get_order(shop, order.customer_id, order.id) == order


def test_all_lines_of_an_order_are_refunded_once(shop: Shop, order: Order) -> None:
    refunded = orders.refund_order(shop, STAFF, ref(order), 1, "", "R1", quantities=(3, 1))
    with pytest.raises(InvalidInputError):
        orders.refund_order(shop, STAFF, ref(refunded), 1, "", "R2", quantities=(1, 0))


amounts = st.integers(0, 10_000)


@given(
    lines=st.lists(st.tuples(st.integers(1, 7), amounts), min_size=1, max_size=5),
    shipping=amounts,
    tax=amounts,
    tip=amounts,
    off=st.floats(0, 1),
)
def test_piece_by_piece_all_is_given_back_to_the_cent(
    lines: list[tuple[int, int]], shipping: int, tax: int, tip: int, off: float
) -> None:
    items = tuple(LineItem(f"Tea {place}", count, price) for place, (count, price) in enumerate(lines))
    whole = sum(item.amount for item in items)
    subtotal = whole - int(whole * off)
    order = Order(
        "O1", "#1", "C1", "Maria", None, OrderStatus.PAID, utc_now(), items, subtotal, subtotal + shipping + tax + tip,
        "USD", shipping=shipping, tax=tax, tip=tip,
    )  # fmt: skip
    given_back = 0
    for place, item in enumerate(items):
        for _ in range(item.quantity):
            quantities = [int(each == place) for each in range(len(items))]
            found = refund_lines(order, quantities)
            amount = suggested_amount(order, found, 0)
            given_back += amount
            refunds = (*order.refunds, Refund(f"R{len(order.refunds)}", amount, utc_now(), "sam", "", found))
            order = replace(order, refunds=refunds)
    at_once = shipping == 0 and [item.quantity for item in items] == [1]
    assert given_back == (order.total if at_once else subtotal + tax if whole else 0)
    assert order.refundable == order.total - given_back
