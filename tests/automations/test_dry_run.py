"""The dry run says what would have gone out last month, and to whom not and why; and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.automations import Condition, Exit, Fact, TriggerKind
from backend.domain.customers import ConsentMethod, ConsentProof
from backend.domain.orders import OrderStatus
from backend.domain.suppression import SuppressionReason
from backend.services.automations import history
from backend.services.automations.dry_run import dry_run
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.demo.shop import seed_demo
from backend.services.orders import orders
from backend.services.suppression.entries import add_suppression
from tests.automations.making import automation, messages, step, waiting, with_postal_address
from tests.recount import fingerprint
from tests.support import MANAGER, STAFF, TestClock, add_customer, add_order, opened_shop, ref

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def demo() -> Iterator[Shop]:
    with opened_shop() as shop:
        seed_demo(shop, customers=200, anyway=True)
        yield shop


def test_it_counts_each_day_shows_ten_and_writes_nothing(shop: Shop, clock: TestClock) -> None:
    made = automation(shop)
    for days in (40, 12, 12, *range(1, 10)):
        add_order(shop, add_customer(shop), placed_at=clock() - days * DAY)
    before = fingerprint(shop)
    found = dry_run(shop, MANAGER, made)
    assert found.total == 11
    assert found.by_day[(clock() - 12 * DAY).date()] == 2
    assert (len(found.sample), found.left_out, found.complete) == (10, {}, True)
    assert fingerprint(shop) == before
    assert (waiting(shop), messages(shop)) == ([], [])


def test_it_says_why_others_would_not_have_got_it(shop: Shop, clock: TestClock) -> None:
    made = automation(
        shop,
        TriggerKind.AFTER_ORDER,
        step("order-confirmation", 14 * DAY, Condition(Fact.TOTAL, "500")),
        exits=[Exit.ORDERED_AGAIN],
    )
    twenty = clock() - 20 * DAY
    add_order(shop, add_customer(shop), 1000, placed_at=twenty)
    add_order(shop, add_customer(shop), 100, placed_at=twenty)
    regular = add_customer(shop)
    add_order(shop, regular, 1000, placed_at=twenty)
    add_order(shop, regular, 1000, placed_at=twenty + 5 * DAY)
    gone = add_customer(shop)
    add_suppression(shop, gone.email or "", SuppressionReason.COMPLAINT, source="event")
    add_order(shop, gone, 1000, placed_at=twenty)
    away = add_customer(shop)
    add_suppression(shop, away.email or "", SuppressionReason.HARD_BOUNCE, source="event")
    add_order(shop, away, 1000, placed_at=twenty)
    found = dry_run(shop, MANAGER, made)
    assert found.total == 2
    assert found.left_out == {
        "a condition was not met: order total at least": 1,
        "the customer ordered again": 1,
        "the customer marked our mail as spam": 1,
        "mail to the customer's address bounced": 1,
    }


def test_a_reminder_would_have_gone_to_who_paid_only_after_it_was_due(shop: Shop, clock: TestClock) -> None:
    made = automation(shop, TriggerKind.PENDING_PAYMENT, step("payment-reminder", 3 * DAY))
    quick, slow = (add_order(shop, add_customer(shop), status=OrderStatus.PENDING) for _ in range(2))
    clock.forward(days=1)
    orders.change_status(shop, STAFF, ref(quick), OrderStatus.PAID)
    clock.forward(days=4)
    orders.change_status(shop, STAFF, ref(slow), OrderStatus.PAID)
    found = dry_run(shop, MANAGER, made)
    assert [would.order_id for would in found.sample] == [slow.id]
    assert found.left_out == {"the order was paid": 1}


def test_a_status_that_was_taken_back_would_have_sent_nothing_and_again_once(shop: Shop, clock: TestClock) -> None:
    made = automation(shop, TriggerKind.ORDER_PAID, step("order-confirmation", timedelta(hours=5)))
    order = add_order(shop, add_customer(shop), status=OrderStatus.PENDING)
    paid, pending = OrderStatus.PAID, OrderStatus.PENDING
    for status, hours in ((paid, 1), (pending, 10), (paid, 1), (pending, 1), (paid, 10), (pending, 1), (paid, 10)):
        order = orders.change_status(shop, STAFF, ref(order), status)
        clock.forward(hours=hours)
    found = dry_run(shop, MANAGER, made)
    assert (found.total, found.left_out) == (1, {"the order has changed": 1})


def test_a_win_back_would_have_gone_to_who_stayed_away(shop: Shop, clock: TestClock) -> None:
    with_postal_address(shop)
    made = automation(shop, TriggerKind.LAPSED, step("win-back", 90 * DAY))
    away, back, recent = (add_customer(shop, consent=True) for _ in range(3))
    for customer, ago in ((away, 100), (back, 100), (back, 50), (recent, 20)):
        add_order(shop, customer, placed_at=clock() - ago * DAY)
    found = dry_run(shop, MANAGER, made)
    assert [would.customer_id for would in found.sample] == [away.id]


@pytest.mark.parametrize(
    ("kind", "template"),
    [(TriggerKind.CUSTOMER_JOINED, "verify-address"), (TriggerKind.NOT_VERIFIED, "verify-address")],
)
def test_it_looks_at_those_who_joined(shop: Shop, clock: TestClock, kind: TriggerKind, template: str) -> None:
    made = automation(shop, kind, step(template, DAY))
    add_customer(shop, email="")
    clock.forward(days=40)
    verified, other, without = add_customer(shop), add_customer(shop), add_customer(shop, email="")
    customers.record_own_answer(shop, verified.id, ConsentProof(True, shop.clock(), ConsentMethod.EMAIL_LINK))
    clock.forward(days=2)
    found = dry_run(shop, MANAGER, made)
    if kind is TriggerKind.NOT_VERIFIED:
        assert [would.customer_id for would in found.sample] == [other.id]
        assert found.left_out == {"the address was confirmed": 1}
    else:
        assert {would.customer_id for would in found.sample} == {verified.id, other.id}
        assert found.left_out == {"the customer has no e-mail address": 1}
    assert without.id not in {would.customer_id for would in found.sample}


@pytest.mark.parametrize("kind", [kind for kind in TriggerKind if kind.about_order])
def test_every_trigger_about_orders_can_be_tried_on_the_demo_shop(demo: Shop, kind: TriggerKind) -> None:
    made = automation(demo, kind, step("order-confirmation", DAY if kind.counts_from_order else timedelta(minutes=5)))
    found = dry_run(demo, MANAGER, made)
    assert found.total + sum(found.left_out.values()) > 0
    assert found.complete


def test_a_shop_with_too_much_to_look_at_is_told_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "MOST_EVENTS", 2)
    for _ in range(3):
        add_order(shop, add_customer(shop))
    found = dry_run(shop, MANAGER, automation(shop))
    assert (found.total, found.complete) == (2, False)


def test_a_draft_that_is_not_saved_can_be_tried(shop: Shop) -> None:
    add_order(shop, add_customer(shop))
    draft = replace(automation(shop), id="auto-draft", steps=(step("order-confirmation"), step("verify-address")))
    assert dry_run(shop, MANAGER, draft).total == 2
