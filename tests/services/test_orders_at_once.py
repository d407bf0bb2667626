"""Sixteen people at once, on a store in a file: nothing is lost, nothing is doubled, nothing is overwritten."""

from __future__ import annotations

from functools import partial

from backend.domain.orders import OrderStatus
from backend.errors import ConflictError
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.orders import orders
from tests.recount import assert_totals_hold
from tests.support import STAFF, add_customer, add_order, draft, outcomes_of, ref

SIXTEEN = range(16)


def test_sixteen_orders_of_one_customer_all_count(shared_shop: Shop) -> None:
    customer = add_customer(shared_shop)
    outcomes = outcomes_of([partial(add_order, shared_shop, customer, 100 + number) for number in SIXTEEN])
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    after = customers.get_customer(shared_shop, customer.id)
    assert (after.orders, after.revenue) == (16, sum(100 + number for number in SIXTEEN))
    assert_totals_hold(shared_shop)


def test_one_form_sent_sixteen_times_places_one_order(shared_shop: Shop) -> None:
    customer, key = add_customer(shared_shop), orders.new_idempotency_key(shared_shop)
    sending = partial(orders.place_order, shared_shop, STAFF, draft(customer, 500), key)
    outcomes = outcomes_of([sending for _ in SIXTEEN])
    placed = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(placed) == 16
    assert [outcome.duplicate for outcome in placed].count(False) == 1
    assert {outcome.order.id for outcome in placed} == {key}
    after = customers.get_customer(shared_shop, customer.id)
    assert (after.orders, after.revenue) == (1, 500)
    assert_totals_hold(shared_shop)


def test_of_sixteen_people_changing_one_order_one_wins(shared_shop: Shop) -> None:
    order = add_order(shared_shop, add_customer(shared_shop), 1000)
    outcomes = outcomes_of(
        [
            partial(orders.change_status, shared_shop, STAFF, ref(order), status)
            for status in (OrderStatus.FULFILLED, OrderStatus.CANCELLED, OrderStatus.PENDING)
            for _ in range(5)
        ]
        + [partial(orders.refund_order, shared_shop, STAFF, ref(order), 100, "", "refund-1")]
    )
    (winner,) = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert all(isinstance(outcome, ConflictError) for outcome in outcomes if isinstance(outcome, BaseException))
    assert orders.get_order(shared_shop, order.customer_id, order.id) == winner
    assert winner.version == 2
    assert_totals_hold(shared_shop)


def test_one_refund_form_sent_sixteen_times_refunds_once_and_answers_all(shared_shop: Shop) -> None:
    order = add_order(shared_shop, add_customer(shared_shop), 1000)
    sending = partial(orders.refund_order, shared_shop, STAFF, ref(order), 300, "Broken", "refund-1")
    outcomes = outcomes_of([sending for _ in SIXTEEN])
    assert [outcome.refunded for outcome in outcomes if not isinstance(outcome, BaseException)] == [300] * 16
    assert_totals_hold(shared_shop)


def test_cancelling_all_orders_of_one_customer_at_once_leaves_nothing(shared_shop: Shop) -> None:
    customer = add_customer(shared_shop)
    placed = [add_order(shared_shop, customer, 100) for _ in SIXTEEN]
    cancelling = [partial(orders.change_status, shared_shop, STAFF, ref(o), OrderStatus.CANCELLED) for o in placed]
    outcomes = outcomes_of(cancelling)
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    after = customers.get_customer(shared_shop, customer.id)
    assert (after.orders, after.revenue) == (0, 0)
    assert_totals_hold(shared_shop)


def test_placing_and_cancelling_at_once_keeps_the_customer_on_the_board(shared_shop: Shop) -> None:
    customer = add_customer(shared_shop)
    placed = [add_order(shared_shop, customer, 100) for _ in range(8)]
    calls = [partial(orders.change_status, shared_shop, STAFF, ref(o), OrderStatus.CANCELLED) for o in placed]
    outcomes = outcomes_of([*calls, *(partial(add_order, shared_shop, customer, 7) for _ in range(8))])
    assert not [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert customers.get_customer(shared_shop, customer.id).revenue == 56
    assert_totals_hold(shared_shop)
