"""Past events, as an automation would have seen them: for the dry run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from backend.domain.automations import Automation, TriggerKind
from backend.domain.customers import Customer
from backend.domain.orders import Order, OrderStatus, OrderSummary
from backend.records.customers import created_and_id, customer_at
from backend.records.orders import order_from, summary_from
from backend.services.context import Shop
from backend.services.listing import merged
from backend.services.orders.changes import WITHOUT_EMAIL
from backend.services.orders.lists import OrderFilter, walk_orders
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Key, Query

MOST_ROWS = 20_000
"""Orders or customers that are read, the newest ones; a larger shop gets a note about that."""
MOST_EVENTS = 2_000
_SLOW = timedelta(days=45)
"""Orders placed this much earlier may still have been paid, shipped, cancelled or refunded in the time asked for."""
_AT_ONCE = 100
_NOT_CANCELLED = (OrderStatus.PENDING, OrderStatus.PAID, OrderStatus.FULFILLED)


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An event, with the customer and the order as they are today. The same event starts again at `again_at`."""

    at: datetime
    customer: Customer
    order: Order | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """Events, newest first, and when each customer's orders were placed. `complete`: nothing was left out."""

    events: list[PastEvent]
    placed: dict[str, list[datetime]]
    complete: bool


def past_of(shop: Shop, automation: Automation, since: datetime) -> Past:
    """The events whose first step was due since that moment."""
    begin = since - sum((step.delay for step in automation.steps), timedelta())
    if not automation.kind.about_order:
        return _joined(shop, begin)
    slack = timedelta() if automation.kind.counts_from_order else _SLOW
    summaries, whole = _orders(shop, begin - slack)
    placed = _placed(summaries)
    if automation.kind is TriggerKind.LAPSED:
        days, now = automation.steps[0].delay, shop.clock()
        summaries = _one_a_moment([each for each in summaries if _was_last(each, placed, days, now)])
    events: list[PastEvent] = []
    for order, customer in _read(shop, summaries):
        events += (event for event in _events(order, customer, automation.kind) if event.at >= begin)
        if len(events) >= MOST_EVENTS:
            return Past(events[:MOST_EVENTS], placed, complete=False)
    return Past(events, placed, whole)


def as_at(order: Order, moment: datetime) -> Order:
    """The order with its status and refunds at a moment, by its history."""
    refunds = tuple(refund for refund in order.refunds if refund.at <= moment)
    parcels = tuple(parcel for parcel in order.fulfilments if parcel.at <= moment)
    known = [status for at, status in _statuses(order) if at <= moment]
    status = known[-1] if known else order.status
    return replace(order, refunds=refunds, fulfilments=parcels, status=status)


def _orders(shop: Shop, since: datetime) -> tuple[list[OrderSummary], bool]:
    today = shop.clock().astimezone(shop.zone).date()
    wanted = OrderFilter(since.astimezone(shop.zone).date(), today)
    rows = list(islice(walk_orders(shop, wanted, first=1_000), MOST_ROWS + 1))
    return [summary_from(row) for row in rows[:MOST_ROWS]], len(rows) <= MOST_ROWS


def _placed(summaries: Iterable[OrderSummary]) -> dict[str, list[datetime]]:
    """The moments of each customer's orders that were not cancelled."""
    placed: dict[str, list[datetime]] = {}
    for summary in summaries:
        if summary.status in _NOT_CANCELLED:
            placed.setdefault(summary.customer_id, []).append(summary.placed_at)
    return placed


def _was_last(summary: OrderSummary, placed: dict[str, list[datetime]], days: timedelta, now: datetime) -> bool:
    """Whether the customer had not ordered again when so many days had passed."""
    due = summary.placed_at + days
    others = placed.get(summary.customer_id, [])
    return summary.status in _NOT_CANCELLED and due <= now and not any(summary.placed_at < at <= due for at in others)


def _one_a_moment(summaries: Sequence[OrderSummary]) -> list[OrderSummary]:
    """Of orders that a customer placed at the same moment, such as imported ones of a day, one is the last."""
    last: dict[tuple[str, datetime], OrderSummary] = {}
    for each in summaries:
        known = last.setdefault((each.customer_id, each.placed_at), each)
        if each.id > known.id:
            last[each.customer_id, each.placed_at] = each
    return list(last.values())


def _read(shop: Shop, summaries: Sequence[OrderSummary]) -> Iterator[tuple[Order, Customer]]:
    for start in range(0, len(summaries), _AT_ONCE):
        part = summaries[start : start + _AT_ONCE]
        keys = [schema.order_key(each.customer_id, each.id) for each in part]
        people = {each.customer_id: schema.customer_key(each.customer_id) for each in part}
        found = shop.store.get_many([*keys, *people.values()])
        owners = {key: found[key] for key in people.values() if key in found}
        customers = {customer.id: customer for customer in readable(shop, owners.items(), customer_at)}
        for order in readable(shop, ((key, found[key]) for key in keys if key in found), order_from):
            if order.customer_id in customers:
                yield order, customers[order.customer_id]


def _joined(shop: Shop, since: datetime) -> Past:
    queries = [
        Query(schema.SHOP, line, index="timeline", descending=True, limit=500) for line in schema.customer_lines()
    ]
    keys: list[Key] = []
    for row in merged(shop, queries, "line_at"):
        created, customer_id = created_and_id(str(row.item["line_at"]))
        if created < since or len(keys) > MOST_EVENTS:
            break
        keys.append(schema.customer_key(customer_id))
    found = shop.store.get_many(keys[:MOST_EVENTS])
    listed = ((key, found[key]) for key in keys[:MOST_EVENTS] if key in found)
    events = [PastEvent(customer.created_at, customer) for customer in readable(shop, listed, customer_at)]
    return Past(events, {}, complete=len(keys) <= MOST_EVENTS)


def _events(order: Order, customer: Customer, kind: TriggerKind) -> Iterator[PastEvent]:
    """Each refund and each parcel is a separate event; a status that was undone and set again is the same event."""
    moments = _moments(order, kind)
    single = {each.at for each in (order.refunds if kind is TriggerKind.ORDER_REFUNDED else order.fulfilments)}
    for place, at in enumerate(moments, 1):
        again = place < len(moments) and at not in single
        yield PastEvent(at, customer, order, moments[place] if again else None)


def _moments(order: Order, kind: TriggerKind) -> list[datetime]:
    """When an order was what an automation listens to."""
    if kind in (TriggerKind.ORDER_PLACED, TriggerKind.AFTER_ORDER, TriggerKind.LAPSED):
        return [order.placed_at]
    if kind is TriggerKind.ORDER_REFUNDED:
        return [refund.at for refund in order.refunds]
    wanted = {
        TriggerKind.ORDER_PAID: (OrderStatus.PAID, OrderStatus.FULFILLED),
        TriggerKind.ORDER_SHIPPED: (OrderStatus.FULFILLED,),
        TriggerKind.ORDER_CANCELLED: (OrderStatus.CANCELLED,),
        TriggerKind.PENDING_PAYMENT: (OrderStatus.PENDING,),
    }[kind]
    known = _statuses(order) or [(order.placed_at, order.status)]
    before = [None, *(status for _, status in known[:-1])]
    found = [at for (at, status), last in zip(known, before, strict=True) if status in wanted and last not in wanted]
    if kind is not TriggerKind.ORDER_SHIPPED:
        return found
    return sorted({*found, *(parcel.at for parcel in order.fulfilments)})


def _statuses(order: Order) -> list[tuple[datetime, OrderStatus]]:
    """The order's statuses with their moments, by its history; imported orders have none."""
    found = []
    for entry in order.history:
        placed, _, first = entry.text.partition("Placed as ")
        _, arrow, later = entry.text.removesuffix(WITHOUT_EMAIL).rpartition(" → ")
        word = first if not placed and first else later if arrow else ""
        if word in list(OrderStatus):
            found.append((entry.at, OrderStatus(word)))
    return found
