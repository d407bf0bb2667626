"""What starts an automation: the trigger stands in the transaction of its event, once, and only while it is on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.automations import TriggerKind
from backend.domain.orders import OrderStatus
from backend.errors import ConflictError
from backend.services.automations import saved
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.demo.shop import seed_demo
from backend.services.orders import orders
from backend.services.triggers.active import LEAD
from tests.automations.making import automation, running, step, waiting
from tests.support import MANAGER, STAFF, TestClock, add_customer, add_order, draft, ref

DAY = timedelta(days=1)


def test_a_placed_order_leaves_a_trigger_that_is_due_after_the_delay(shop: Shop, clock: TestClock) -> None:
    made = running(shop, TriggerKind.ORDER_PLACED, step(delay=timedelta(hours=3)))
    order = add_order(shop, add_customer(shop))
    (trigger,) = waiting(shop)
    assert (trigger.automation, trigger.order_id, trigger.event) == (made.id, order.id, order.id)
    assert trigger.due_at == clock() + timedelta(hours=3)


def test_an_order_that_was_refused_leaves_none(shop: Shop) -> None:
    running(shop)
    customer = add_customer(shop)
    customers.archive_customer(shop, STAFF, customer.id, customer.version)
    with pytest.raises(ConflictError):
        add_order(shop, customer)
    assert waiting(shop) == []


def test_a_double_click_leaves_one(shop: Shop) -> None:
    running(shop)
    customer, key = add_customer(shop), orders.new_idempotency_key(shop)
    for _ in range(2):
        orders.place_order(shop, STAFF, draft(customer), key)
    assert len(waiting(shop)) == 1


def test_nothing_starts_one_that_is_off_or_was_switched_on_a_moment_ago(shop: Shop, clock: TestClock) -> None:
    made = automation(shop)
    add_order(shop, add_customer(shop))
    on = saved.switch_on(shop, MANAGER, made.id, made.version)
    clock.forward(seconds=LEAD.total_seconds() - 0.1)
    add_order(shop, add_customer(shop))
    assert waiting(shop) == []
    clock.forward(seconds=0.1)
    add_order(shop, add_customer(shop))
    assert len(waiting(shop)) == 1
    saved.switch_off(shop, MANAGER, made.id, on.version)
    add_order(shop, add_customer(shop))
    assert len(waiting(shop)) == 1


@pytest.mark.parametrize(
    ("status", "started"),
    [
        (OrderStatus.PENDING, {TriggerKind.ORDER_PLACED, TriggerKind.PENDING_PAYMENT}),
        (OrderStatus.PAID, {TriggerKind.ORDER_PLACED, TriggerKind.ORDER_PAID}),
        (OrderStatus.FULFILLED, {TriggerKind.ORDER_PLACED, TriggerKind.ORDER_PAID, TriggerKind.ORDER_SHIPPED}),
    ],
)
def test_the_status_of_a_new_order_says_what_it_starts(
    shop: Shop, status: OrderStatus, started: set[TriggerKind]
) -> None:
    for kind in TriggerKind:
        if not kind.counts_from_order:
            running(shop, kind, step("verify-address"))
    customer = add_customer(shop)
    before = len(waiting(shop))
    add_order(shop, customer, status=status)
    found = {trigger.kind for trigger in waiting(shop) if trigger.order_id}
    assert found == started
    assert len(waiting(shop)) == before + len(started)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (TriggerKind.ORDER_PAID, OrderStatus.PAID),
        (TriggerKind.ORDER_CANCELLED, OrderStatus.CANCELLED),
    ],
)
def test_a_change_of_status_starts_what_listens_to_it(shop: Shop, kind: TriggerKind, change: OrderStatus) -> None:
    running(shop, kind)
    order = add_order(shop, add_customer(shop), status=OrderStatus.PENDING)
    assert waiting(shop) == []
    orders.change_status(shop, STAFF, ref(order), change)
    assert [trigger.kind for trigger in waiting(shop)] == [kind]


def test_shipping_starts_the_shipping_note_and_taking_it_back_starts_nothing(shop: Shop) -> None:
    running(shop, TriggerKind.ORDER_SHIPPED)
    running(shop, TriggerKind.ORDER_PAID)
    order = add_order(shop, add_customer(shop))
    shipped = orders.change_status(shop, STAFF, ref(order), OrderStatus.FULFILLED)
    orders.change_status(shop, STAFF, ref(shipped), OrderStatus.PAID)
    assert sorted(trigger.kind for trigger in waiting(shop)) == [TriggerKind.ORDER_PAID, TriggerKind.ORDER_SHIPPED]


def test_each_refund_starts_one_and_asking_again_starts_none(shop: Shop) -> None:
    running(shop, TriggerKind.ORDER_REFUNDED)
    order = add_order(shop, add_customer(shop))
    for refund_id in ("first", "second", "second"):
        order = orders.refund_order(shop, STAFF, ref(order), 100, "", refund_id)
    assert len({trigger.event for trigger in waiting(shop)}) == len(waiting(shop)) == 2


def test_a_new_customer_starts_a_welcome_and_one_with_an_address_is_asked_to_confirm_it(shop: Shop) -> None:
    running(shop, TriggerKind.CUSTOMER_JOINED, step("verify-address"))
    running(shop, TriggerKind.NOT_VERIFIED, step("verify-address"))
    add_customer(shop, email="")
    assert [trigger.kind for trigger in waiting(shop)] == [TriggerKind.CUSTOMER_JOINED]
    add_customer(shop)
    assert len(waiting(shop)) == 3


def test_another_address_is_asked_to_be_confirmed_and_another_name_is_not(shop: Shop) -> None:
    running(shop, TriggerKind.NOT_VERIFIED, step("verify-address"))
    customer = add_customer(shop, email="maria@example.com")
    renamed = customers.edit_customer(
        shop, STAFF, customer.id, customer.version, customers.Profile("Maria", "maria@example.com")
    )
    assert len(waiting(shop)) == 1
    customers.edit_customer(shop, STAFF, customer.id, renamed.version, customers.Profile("Maria", "m@example.com"))
    assert len(waiting(shop)) == 2


def test_days_after_an_order_count_from_when_it_was_placed(shop: Shop, clock: TestClock) -> None:
    running(shop, TriggerKind.AFTER_ORDER, step(delay=14 * DAY))
    customer = add_customer(shop)
    add_order(shop, customer, placed_at=clock() - 4 * DAY)
    add_order(shop, customer, placed_at=clock() - 15 * DAY)
    assert [trigger.due_at for trigger in waiting(shop)] == [clock() + 10 * DAY]


def test_each_order_moves_the_day_on_which_a_customer_counts_as_lapsed(shop: Shop, clock: TestClock) -> None:
    running(shop, TriggerKind.LAPSED, step("verify-address", 90 * DAY))
    customer = add_customer(shop)
    for _ in range(3):
        clock.forward(days=7)
        add_order(shop, customer)
    (trigger,) = waiting(shop)
    assert trigger.due_at == clock() + 90 * DAY


def test_the_demo_shop_fires_nothing(shop: Shop) -> None:
    running(shop)
    running(shop, TriggerKind.CUSTOMER_JOINED, step("verify-address"))
    seed_demo(shop, customers=20, anyway=True)
    assert waiting(shop) == []
