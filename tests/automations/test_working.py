"""What becomes of a trigger: its email, once; or an end whose reason is counted. Nothing goes by in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.domain.automations import Condition, Exit, Fact, Trigger, TriggerKind
from backend.domain.customers import ConsentMethod, ConsentProof
from backend.domain.delivery import Outcome
from backend.domain.messages import MessageStatus, SkipReason
from backend.domain.orders import OrderStatus
from backend.domain.segments import Group, Rule, WordField, Words
from backend.domain.suppression import SuppressionReason
from backend.email.transports.recording import LoseReply, always
from backend.records.automations import trigger_item, trigger_key
from backend.services.automations import duty, figures, saved
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.customers import record_own_answer
from backend.services.events.consequences import EventPolicy
from backend.services.events.intake import take_in
from backend.services.orders import orders
from backend.services.reconcile.findings import Reconciliation
from backend.services.reconcile.messages import reconcile_mail
from backend.services.segments import library
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.suppression.entries import add_suppression
from backend.store import schema
from backend.store.port import Put, Update
from tests.automations.making import (
    AT_ONCE,
    automation,
    messages,
    running,
    step,
    waiting,
    with_postal_address,
    work,
)
from tests.events.samples import event
from tests.services.emails import published
from tests.services.test_mailing import mailer_on, submissions
from tests.support import MANAGER, STAFF, TestClock, add_customer, add_order, ref

DAY = timedelta(days=1)
FAILS_FOR_SOME = "{% if customer.name == 'Odd One' %}{{ order.nothing }}{% endif %}Thank you"


def ended(shop: Shop, automation_id: str) -> dict[str, int]:
    return dict(figures.figures_of(shop, automation_id).ended)


@pytest.mark.parametrize(
    ("kind", "before", "event"),
    [
        (TriggerKind.ORDER_PAID, OrderStatus.PENDING, OrderStatus.PAID),
        (TriggerKind.ORDER_SHIPPED, OrderStatus.PAID, OrderStatus.FULFILLED),
        (TriggerKind.ORDER_CANCELLED, OrderStatus.PAID, OrderStatus.CANCELLED),
    ],
)
def test_a_status_that_is_taken_back_in_time_sends_nothing_and_once_when_it_is_set_again(
    shop: Shop, clock: TestClock, mailer: Mailer, kind: TriggerKind, before: OrderStatus, event: OrderStatus
) -> None:
    made = running(shop, kind, step("order-confirmation", timedelta(hours=1)))
    order = add_order(shop, add_customer(shop), status=before)
    for status in (event, before):
        order = orders.change_status(shop, STAFF, ref(order), status)
    clock.forward(hours=2)
    work(shop, mailer)
    assert (messages(shop), ended(shop, made.id)) == ([], {"taken_back": 1})
    for _ in range(2):
        order = orders.change_status(shop, STAFF, ref(order), event)
        clock.forward(hours=2)
        work(shop, mailer)
        order = orders.change_status(shop, STAFF, ref(order), before)
    assert len(messages(shop)) == 1


def test_a_customer_whose_address_changes_is_asked_for_the_new_one_alone(
    shop: Shop, clock: TestClock, mailer: Mailer
) -> None:
    made = running(shop, TriggerKind.NOT_VERIFIED, step("verify-address", DAY))
    customer = add_customer(shop)
    clock.forward(hours=1)
    moved = customers.Profile(customer.name, "new@example.com", "", "", "", ())
    customers.edit_customer(shop, STAFF, customer.id, customer.version, moved)
    clock.forward(days=2)
    work(shop, mailer)
    assert [message.to for message in messages(shop)] == ["new@example.com"]
    assert ended(shop, made.id) == {"other_address": 1}


def test_a_customer_who_cannot_be_read_does_not_keep_others_waiting(shop: Shop, mailer: Mailer) -> None:
    made = running(shop)
    odd, other = add_customer(shop), add_customer(shop)
    for customer in (odd, other):
        add_order(shop, customer)
    shop.store.update(Update(schema.customer_key(odd.id), set={"created_at": "nonsense"}))
    work(shop, mailer)
    assert [message.recipient for message in messages(shop)] == [other.id]
    (left,) = waiting(shop)
    assert (left.customer_id, left.attempts) == (odd.id, 1)
    assert figures.figures_of(shop, made.id).requested == 1


def test_an_order_confirms_itself_once(shop: Shop, mailer: Mailer) -> None:
    made = running(shop)
    order = add_order(shop, add_customer(shop))
    assert work(shop, mailer) == 1
    assert work(shop, mailer) == 0
    deliver_due(shop, mailer)
    (message,) = messages(shop)
    assert (message.status, message.order_id, message.requested_by) == (MessageStatus.SENT, order.id, "automation")
    assert (message.campaign, message.variant) == (made.id, "s1")
    assert submissions(mailer) == 1
    found = figures.figures_of(shop, made.id)
    assert (found.answered, found.requested, found.sent, found.ended) == (1, 1, 1, {})
    assert reconcile_mail(shop, drift := Reconciliation(), pause=lambda _: None) == 1
    assert drift.drift == []


def test_a_report_about_an_email_in_doubt_corrects_the_figures_and_counts_what_came_back(shop: Shop) -> None:
    losing = mailer_on(shop, always(LoseReply()))
    made = running(shop)
    add_order(shop, add_customer(shop))
    work(shop, losing)
    deliver_due(shop, losing)
    found = figures.figures_of(shop, made.id)
    assert (found.sent, found.unknown) == (0, 1)
    message = messages(shop)[0]
    take_in(shop, [event("Delivery", message), event("Open", message, seconds=90)], "test", EventPolicy())
    found = figures.figures_of(shop, made.id)
    assert (found.sent, found.unknown) == (1, 0)
    assert found.outcomes == {Outcome.DELIVERED: 1, Outcome.OPENED: 1}
    reconcile_mail(shop, drift := Reconciliation(), pause=lambda _: None)
    assert drift.drift == []


def test_nothing_is_sent_before_it_is_due(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    running(shop, TriggerKind.ORDER_PLACED, step(delay=timedelta(hours=2)))
    add_order(shop, add_customer(shop))
    clock.forward(minutes=119)
    assert work(shop, mailer) == 0
    clock.forward(minutes=1)
    assert work(shop, mailer) == 1


def test_a_sequence_goes_on_step_by_step_and_leaves_out_what_does_not_fit(
    shop: Shop, mailer: Mailer, clock: TestClock
) -> None:
    rich = Condition(Fact.TOTAL, "5000")
    made = running(
        shop,
        TriggerKind.ORDER_PLACED,
        step("order-confirmation"),
        step("order-confirmation", DAY, rich),
        step("verify-address", DAY),
    )
    add_order(shop, add_customer(shop), 1000)
    for _ in range(3):
        work(shop, mailer)
        clock.forward(days=1)
    assert [message.variant for message in messages(shop)] == ["s1", "s3"]
    found = figures.figures_of(shop, made.id)
    assert (found.answered, found.requested, found.left_out) == (1, 2, {Fact.TOTAL: 1})
    assert waiting(shop) == []


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition(Fact.COUNTRY, "de"), True),
        (Condition(Fact.COUNTRY, "FR"), False),
        (Condition(Fact.TAG, "vip"), True),
        (Condition(Fact.NO_TAG, "vip"), False),
        (Condition(Fact.CONSENT), True),
        (Condition(Fact.SPENT, "1000"), True),
        (Condition(Fact.SPENT, "1001"), False),
        (Condition(Fact.ORDERS_AT_LEAST, "2"), False),
        (Condition(Fact.ORDERS_AT_MOST, "1"), True),
        (Condition(Fact.TOTAL, "1000"), True),
        (Condition(Fact.STATUS, "fulfilled"), False),
        (Condition(Fact.STATUS, "paid"), True),
        (Condition(Fact.PRODUCT, "tea-1"), True),
        (Condition(Fact.PRODUCT, "assam"), True),
        (Condition(Fact.PRODUCT, "coffee"), False),
    ],
)
def test_a_condition_is_asked_when_the_step_is_due(
    shop: Shop, mailer: Mailer, condition: Condition, holds: bool
) -> None:
    running(shop, TriggerKind.ORDER_PLACED, step("order-confirmation", AT_ONCE, condition))
    add_order(shop, add_customer(shop, country="DE", tags=["vip"], consent=True))
    work(shop, mailer)
    assert len(messages(shop)) == int(holds)


def test_a_cancelled_order_is_not_confirmed(shop: Shop, mailer: Mailer) -> None:
    made = running(shop)
    order = add_order(shop, add_customer(shop))
    orders.change_status(shop, STAFF, ref(order), OrderStatus.CANCELLED)
    work(shop, mailer)
    assert messages(shop) == []
    assert ended(shop, made.id) == {"order_cancelled": 1}


def test_who_has_paid_is_not_reminded(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    made = running(shop, TriggerKind.PENDING_PAYMENT, step("payment-reminder", 3 * DAY))
    paid = add_order(shop, add_customer(shop), status=OrderStatus.PENDING)
    owing = add_order(shop, add_customer(shop), status=OrderStatus.PENDING)
    orders.change_status(shop, STAFF, ref(paid), OrderStatus.PAID)
    clock.forward(days=3)
    work(shop, mailer)
    assert [message.order_id for message in messages(shop)] == [owing.id]
    assert ended(shop, made.id) == {"order_paid": 1}


def test_who_has_confirmed_the_address_is_not_asked_again(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    made = running(shop, TriggerKind.NOT_VERIFIED, step("verify-address", DAY))
    first, second = add_customer(shop), add_customer(shop)
    record_own_answer(shop, first.id, ConsentProof(True, shop.clock(), ConsentMethod.EMAIL_LINK))
    clock.forward(days=1)
    work(shop, mailer)
    assert [message.customer_id for message in messages(shop)] == [second.id]
    assert ended(shop, made.id) == {"verified": 1}


def test_who_orders_again_gets_no_more_of_a_sequence(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    made = running(
        shop,
        TriggerKind.ORDER_PLACED,
        step("order-confirmation"),
        step("order-confirmation", DAY),
        exits=[Exit.ORDERED_AGAIN],
    )
    customer = add_customer(shop)
    add_order(shop, customer)
    work(shop, mailer)
    clock.forward(hours=5)
    add_order(shop, customer)
    work(shop, mailer)
    clock.forward(hours=19)
    work(shop, mailer)
    assert len(messages(shop)) == 2
    assert ended(shop, made.id) == {"ordered_again": 1}


def test_a_lapsed_customer_is_won_back_once_for_each_time(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    with_postal_address(shop)
    running(shop, TriggerKind.LAPSED, step("win-back", 90 * DAY))
    customer = add_customer(shop, consent=True)
    add_order(shop, customer)
    for days in (60, 29):
        clock.forward(days=days)
        work(shop, mailer)
    assert messages(shop) == []
    clock.forward(days=1)
    work(shop, mailer)
    assert len(messages(shop)) == 1
    add_order(shop, customer)
    clock.forward(days=90)
    work(shop, mailer)
    assert len(messages(shop)) == 2


def test_an_order_from_elsewhere_puts_off_the_day_on_which_a_customer_counts_as_lapsed(
    shop: Shop, mailer: Mailer, clock: TestClock
) -> None:
    made = running(shop, TriggerKind.LAPSED, step("verify-address", 90 * DAY))
    customer = add_customer(shop)
    add_order(shop, customer)
    clock.forward(days=50)
    off = saved.switch_off(shop, MANAGER, made.id, made.version)
    add_order(shop, customer)  # nobody listens, as during an import
    saved.switch_on(shop, MANAGER, made.id, off.version)
    clock.forward(days=40)
    work(shop, mailer)
    assert messages(shop) == []
    assert [trigger.due_at for trigger in waiting(shop)] == [clock() + 50 * DAY]
    clock.forward(days=50)
    work(shop, mailer)
    assert len(messages(shop)) == 1


def test_paying_twice_thanks_once(shop: Shop, mailer: Mailer) -> None:
    made = running(shop, TriggerKind.ORDER_PAID)
    order = add_order(shop, add_customer(shop))
    work(shop, mailer)
    back = orders.change_status(shop, STAFF, ref(order), OrderStatus.PENDING)
    orders.change_status(shop, STAFF, ref(back), OrderStatus.PAID)
    work(shop, mailer)
    assert len(messages(shop)) == 1
    assert figures.figures_of(shop, made.id).repeated == 1
    assert waiting(shop) == []


def test_who_must_not_get_mail_is_skipped_with_the_reason(shop: Shop, mailer: Mailer) -> None:
    made = running(shop)
    customer = add_customer(shop)
    add_suppression(shop, customer.email or "", SuppressionReason.HARD_BOUNCE, source="event")
    add_order(shop, customer)
    work(shop, mailer)
    (message,) = messages(shop)
    assert (message.status, message.reason) == (MessageStatus.SKIPPED, SkipReason.BOUNCED.value)
    found = figures.figures_of(shop, made.id)
    assert (found.skipped, found.skipped_by) == (1, {SkipReason.BOUNCED: 1})


def test_what_comes_due_while_it_is_off_ends(shop: Shop, mailer: Mailer) -> None:
    made = running(shop)
    add_order(shop, add_customer(shop))
    saved.switch_off(shop, MANAGER, made.id, made.version)
    work(shop, mailer)
    assert (messages(shop), waiting(shop)) == ([], [])
    assert ended(shop, made.id) == {"off": 1}


def test_what_comes_due_days_late_is_not_sent_any_more(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    made = running(shop)
    add_order(shop, add_customer(shop))
    clock.forward(days=3, seconds=1)
    work(shop, mailer)
    assert messages(shop) == []
    assert ended(shop, made.id) == {"too_late": 1}


def test_a_trigger_of_an_earlier_form_or_of_a_deleted_automation_ends(
    shop: Shop, mailer: Mailer, clock: TestClock
) -> None:
    changed, deleted = running(shop, TriggerKind.ORDER_PLACED, step(delay=DAY)), running(shop)
    add_order(shop, add_customer(shop))
    off = saved.switch_off(shop, MANAGER, deleted.id, deleted.version)
    saved.delete_automation(shop, MANAGER, off.id, off.version)
    off = saved.switch_off(shop, MANAGER, changed.id, changed.version)
    off = saved.change_automation(shop, MANAGER, replace(off, kind=TriggerKind.ORDER_PAID))
    saved.switch_on(shop, MANAGER, off.id, off.version)
    clock.forward(days=1)
    work(shop, mailer)
    assert (messages(shop), waiting(shop)) == ([], [])
    assert ended(shop, changed.id) == {"changed": 1}


def test_an_email_that_cannot_be_made_is_tried_again_and_then_told(
    shop: Shop, mailer: Mailer, clock: TestClock
) -> None:
    made = running(shop)
    published(shop, "order-confirmation", subject=FAILS_FOR_SOME)
    add_order(shop, add_customer(shop, "Odd One"))
    work(shop, mailer)
    (trigger,) = waiting(shop)
    assert (trigger.attempts, bool(trigger.problem)) == (1, True)
    for pause in duty.RETRIES:
        clock.forward(seconds=pause.total_seconds())
        work(shop, mailer)
    assert waiting(shop) == []
    found = figures.figures_of(shop, made.id)
    assert (found.broken, found.requested) == (1, 0)
    assert found.problem


def test_a_template_that_is_repaired_in_time_is_sent_after_all(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    running(shop)
    good = published(shop, "order-confirmation", subject="Thank you")
    published(shop, "order-confirmation", subject=FAILS_FOR_SOME)
    add_order(shop, add_customer(shop, "Odd One"))
    work(shop, mailer)
    published(shop, "order-confirmation", subject=good.source.subject)
    clock.forward(minutes=1)
    work(shop, mailer)
    assert len(messages(shop)) == 1


def test_one_that_cannot_be_answered_does_not_keep_the_others_waiting(
    shop: Shop, mailer: Mailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(shop)
    unlucky, lucky = add_customer(shop), add_customer(shop)
    for customer in (unlucky, lucky):
        add_order(shop, customer)
    real = duty.prepared_message

    def sometimes(shop: Shop, mailer: Mailer, actor: object, wanted: object) -> object:
        if wanted.customer_id == unlucky.id:
            raise ZeroDivisionError
        return real(shop, mailer, actor, wanted)

    monkeypatch.setattr(duty, "prepared_message", sometimes)
    work(shop, mailer)
    assert [message.customer_id for message in messages(shop)] == [lucky.id]
    assert [(trigger.customer_id, trigger.attempts) for trigger in waiting(shop)] == [(unlucky.id, 1)]


def test_a_trigger_is_answered_by_one_of_two_workers(shop: Shop, mailer: Mailer) -> None:
    made = running(shop)
    add_order(shop, add_customer(shop))
    due, _ = duty.due_triggers(shop, 10)
    assert duty.answer(shop, mailer, due.triggers) == 1
    assert duty.answer(shop, mailer, due.triggers) == 0
    assert len(messages(shop)) == 1
    assert figures.figures_of(shop, made.id).answered == 1


def test_a_customer_who_is_archived_gets_nothing(shop: Shop, mailer: Mailer) -> None:
    running(shop)
    customer = add_customer(shop)
    add_order(shop, customer)
    customers.archive_customer(shop, STAFF, customer.id, customer.version)
    work(shop, mailer)
    assert [message.reason for message in messages(shop)] == [SkipReason.ARCHIVED.value]


def test_a_trigger_whose_order_is_gone_ends(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    made = running(shop)
    lost = Trigger(add_customer(shop).id, made.id, made.kind, "GONE", clock(), clock(), order_id="GONE")
    shop.store.put(Put(trigger_key(lost), trigger_item(lost)))
    work(shop, mailer)
    assert ended(shop, made.id) == {"gone": 1}


def test_one_that_is_off_from_the_start_sends_nothing(shop: Shop, mailer: Mailer) -> None:
    automation(shop)
    add_order(shop, add_customer(shop))
    assert work(shop, mailer) == 0


def test_a_step_for_a_segment_goes_to_who_belongs_to_it_when_it_is_due(shop: Shop, mailer: Mailer) -> None:
    rule = Rule(Group(parts=(Words(WordField.COUNTRY, ("DE",)),)))
    segment = library.create_segment(shop, MANAGER, library.new_segment_id(), "Germany", rule)
    made = running(
        shop, TriggerKind.ORDER_PLACED, step("order-confirmation", AT_ONCE, Condition(Fact.SEGMENT, segment.id))
    )
    german = add_customer(shop, country="DE")
    for customer in (german, add_customer(shop, country="FR")):
        add_order(shop, customer)
    work(shop, mailer)
    assert [message.customer_id for message in messages(shop)] == [german.id]
    assert figures.figures_of(shop, made.id).left_out == {Fact.SEGMENT: 1}


def test_a_segment_that_is_gone_is_reported_and_not_taken_for_everybody_or_nobody(shop: Shop, mailer: Mailer) -> None:
    running(shop, TriggerKind.ORDER_PLACED, step("order-confirmation", AT_ONCE, Condition(Fact.SEGMENT, "GONE")))
    add_order(shop, add_customer(shop))
    work(shop, mailer)
    assert messages(shop) == []
    assert "no longer exists" in waiting(shop)[0].problem
