"""The timeline of a customer: what is on it, in which order, and how much of it."""

from __future__ import annotations

from backend.domain.customers import Activity
from backend.domain.delivery import Outcome
from backend.domain.messages import Message, MessageStatus
from backend.domain.orders import OrderSummary
from backend.services.context import Shop
from backend.services.customer_data.timeline import DeliveryReport, messages_about, timeline_of
from backend.services.customers.customers import add_note
from tests.services.test_mailing import mailer_on, requested
from tests.services.test_repairing import settled
from tests.support import STAFF, TestClock, add_customer, add_order


def test_orders_messages_and_notes_are_on_one_line_newest_first(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop)
    clock.forward(hours=1)
    add_order(shop, customer)
    clock.forward(hours=1)
    requested(shop, mailer_on(shop), customer)
    clock.forward(hours=1)
    add_note(shop, STAFF, customer.id, "Called")
    timeline = timeline_of(shop, customer.id)
    assert [type(event.what) for event in timeline.events] == [Activity, Message, OrderSummary, Activity]
    assert [event.at for event in timeline.events] == sorted((e.at for e in timeline.events), reverse=True)
    assert not timeline.more


def test_a_timeline_is_cut_and_says_so(shop: Shop, clock: TestClock) -> None:
    customer = add_customer(shop)
    for _ in range(4):
        clock.forward(minutes=1)
        newest = add_order(shop, customer)
    timeline = timeline_of(shop, customer.id, limit=4)
    assert len(timeline.events) == 4
    assert timeline.more
    first = timeline.events[0].what
    assert isinstance(first, OrderSummary)
    assert first.id == newest.id


def test_nothing_of_other_customers_is_on_it(shop: Shop) -> None:
    maria, olga = add_customer(shop), add_customer(shop)
    add_order(shop, olga)
    requested(shop, mailer_on(shop), olga)
    assert [type(event.what) for event in timeline_of(shop, maria.id).events] == [Activity]


def test_messages_about_an_order_are_found(shop: Shop) -> None:
    customer = add_customer(shop)
    order, other = add_order(shop, customer), add_order(shop, customer)
    mailer = mailer_on(shop)
    wanted = requested(shop, mailer, customer, "order-confirmation", order_id=order.id)
    requested(shop, mailer, customer, "order-confirmation", order_id=other.id)
    requested(shop, mailer, customer)
    assert [message.id for message in messages_about(shop, customer.id, order.id)] == [wanted.id]


def test_clicks_and_bounces_are_on_the_line_and_what_is_usual_does_not(shop: Shop, clock: TestClock) -> None:
    begun = clock.now
    outcomes = {Outcome.DELIVERED: begun, Outcome.OPENED: begun, Outcome.CLICKED: clock.forward(hours=3)}
    message = settled(shop, "click-1", MessageStatus.SENT, requested_at=begun, outcomes=outcomes)
    told = timeline_of(shop, message.customer_id).events
    assert [(event.at, event.what) for event in told] == [
        (clock.now, DeliveryReport(message, Outcome.CLICKED)),
        (begun, message),
    ]
