"""The rules of automations: which events a change of an order is, what ends a sequence, and the conditions of steps."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.automations import Condition, Exit, Fact, TriggerKind
from backend.domain.customers import ConsentSource, Customer
from backend.domain.fulfilments import Fulfilment
from backend.domain.orders import Order, OrderStatus
from backend.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an order. `id` is the same however often it is noticed."""

    kind: TriggerKind
    id: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a step is due. `last_order_at` is that of the last order that is not cancelled.

    `segments` says for each segment of the step's conditions whether the customer is in it; deleted ones are missing.
    """

    customer: Customer
    order: Order | None = None
    last_order_at: datetime | None = None
    segments: Mapping[str, bool] = field(default_factory=dict)


_PAID = (OrderStatus.PAID, OrderStatus.FULFILLED)
_STATUSES: Mapping[TriggerKind, tuple[OrderStatus, ...]] = {
    TriggerKind.ORDER_PAID: _PAID,
    TriggerKind.ORDER_SHIPPED: (OrderStatus.FULFILLED,),
    TriggerKind.ORDER_CANCELLED: (OrderStatus.CANCELLED,),
}
"""The statuses that an order has as long as the event still applies."""


def events_of_placing(order: Order) -> list[Event]:
    """A new order is placed, and by its status perhaps paid and shipped at once."""
    found = [Event(TriggerKind.ORDER_PLACED, order.id), Event(TriggerKind.AFTER_ORDER, order.id)]
    found.append(Event(TriggerKind.LAPSED, order.id))
    if order.status is OrderStatus.PENDING:
        found.append(Event(TriggerKind.PENDING_PAYMENT, order.id))
    if order.status in _PAID:
        found.append(Event(TriggerKind.ORDER_PAID, order.id))
    if order.status is OrderStatus.FULFILLED:
        found.append(Event(TriggerKind.ORDER_SHIPPED, order.id))
    return found


def events_of_change(before: Order, after: Order) -> Iterator[Event]:
    """What a change of an order is. Taking a status back and setting it again is the same event as before."""
    if after.status is not before.status:
        if after.status in _PAID and before.status not in _PAID:
            yield Event(TriggerKind.ORDER_PAID, after.id)
        if after.status is OrderStatus.FULFILLED and len(after.fulfilments) <= len(before.fulfilments):
            yield Event(TriggerKind.ORDER_SHIPPED, after.id)
        if after.status is OrderStatus.CANCELLED:
            yield Event(TriggerKind.ORDER_CANCELLED, after.id)
        if after.status is OrderStatus.PENDING:
            yield Event(TriggerKind.PENDING_PAYMENT, after.id)
    known = {refund.id for refund in before.refunds}
    for refund in after.refunds:
        if refund.id not in known:
            yield Event(TriggerKind.ORDER_REFUNDED, f"{after.id}-{_short(refund.id)}")
    parcels = {fulfilment.id for fulfilment in before.fulfilments}
    for fulfilment in after.fulfilments:
        if fulfilment.id not in parcels:
            yield Event(TriggerKind.ORDER_SHIPPED, _parcel_event(after, fulfilment))


def parcel_of(order: Order, event: str) -> Fulfilment | None:
    """The parcel that an event of an order is about; None when it is about the whole order, or the parcel is gone."""
    return next((each for each in order.fulfilments if _parcel_event(order, each) == event), None)


def _parcel_event(order: Order, fulfilment: Fulfilment) -> str:
    return f"{order.id}-{_short(fulfilment.id)}"


def is_taken_back(kind: TriggerKind, order: Order | None, event: str = "") -> bool:
    """Whether the order is not any more what started the automation, because somebody has undone a mistake.

    A cancelled order was paid or shipped nevertheless; ending for that is `Exit.ORDER_CANCELLED`. The event of a parcel
    applies as long as the parcel exists; "" is that of any.
    """
    if order is None or kind not in _STATUSES:
        return False
    if kind is TriggerKind.ORDER_SHIPPED and event != order.id and order.fulfilments:
        return bool(event) and parcel_of(order, event) is None
    return order.status not in (*_STATUSES[kind], OrderStatus.CANCELLED)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def exit_that_holds(exits: Sequence[Exit] | frozenset[Exit], facts: Facts) -> Exit | None:
    """The first exit that the facts meet, in the order of `Exit`."""
    return next((each for each in Exit if each in exits and _has_left(each, facts)), None)


def _has_left(exit_: Exit, facts: Facts) -> bool:
    order, customer = facts.order, facts.customer
    match exit_:
        case Exit.ORDER_CANCELLED:
            return order is not None and order.status is OrderStatus.CANCELLED
        case Exit.ORDER_REFUNDED:
            return order is not None and order.refunded >= order.total > 0
        case Exit.ORDER_PAID:
            return order is not None and order.status in _PAID
        case Exit.ORDERED_AGAIN:
            return _has_ordered_since(facts)
        case Exit.VERIFIED:
            return is_verified(customer)
        case Exit.UNSUBSCRIBED:
            return customer.consent is not None and not customer.consent.given


def _has_ordered_since(facts: Facts) -> bool:
    """Where the event has no order (somebody joined), any order is a new one."""
    if facts.last_order_at is None:
        return False
    return facts.order is None or facts.last_order_at > facts.order.placed_at


def is_verified(customer: Customer) -> bool:
    """Whether the customer agreed by a link that went to their address: that shows that the address is their own."""
    consent = customer.consent
    return consent is not None and consent.given and consent.source is ConsentSource.CUSTOMER


def unmet(conditions: Sequence[Condition], facts: Facts) -> Condition | None:
    """The first condition that does not hold; None when all do.

    Raises: `NotFoundError` for a deleted segment: whether the condition holds is unknown.
    """
    return next((condition for condition in conditions if not _holds(condition, facts)), None)


def _holds(condition: Condition, facts: Facts) -> bool:
    if condition.fact.about_order:
        return facts.order is not None and _holds_for_order(condition, facts.order)
    customer, value = facts.customer, condition.value
    match condition.fact:
        case Fact.COUNTRY:
            return customer.country == value
        case Fact.TAG:
            return value in customer.tags
        case Fact.NO_TAG:
            return value not in customer.tags
        case Fact.CONSENT:
            return customer.consent is not None and customer.consent.given
        case Fact.SEGMENT:
            if value not in facts.segments:
                raise NotFoundError("The segment that this step asks for no longer exists.")
            return facts.segments[value]
        case Fact.SPENT:
            return customer.revenue >= int(value)
        case Fact.ORDERS_AT_LEAST:
            return customer.orders >= int(value)
        case _:
            return customer.orders <= int(value)


def _holds_for_order(condition: Condition, order: Order) -> bool:
    match condition.fact:
        case Fact.TOTAL:
            return order.total >= int(condition.value)
        case Fact.STATUS:
            return order.status.value == condition.value
        case _:
            wanted = condition.value.casefold()
            return any(wanted == line.sku.casefold() or wanted in line.title.casefold() for line in order.lines)
