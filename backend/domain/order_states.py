"""How far an order is, beside its status: what has been sent, what has been paid, and what is left of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

from backend.domain.fulfilments import PackedItem
from backend.domain.orders import LineItem, Order, OrderStatus, RefundLine


class FulfilmentState(StrEnum):
    """How much of an order has been sent."""

    UNFULFILLED = "unfulfilled"
    PARTLY = "partly fulfilled"
    FULFILLED = "fulfilled"


class PaymentState(StrEnum):
    """How much of an order has been paid, and given back."""

    PENDING = "pending"
    PARTLY_PAID = "partly paid"
    PAID = "paid"
    PARTLY_REFUNDED = "partly refunded"
    REFUNDED = "refunded"


def fulfilment_of(order: Order) -> FulfilmentState:
    """What the parcels say; an order that somebody has marked as fulfilled is, whatever they say."""
    if order.status is OrderStatus.FULFILLED or (order.fulfilments and not any(left_to_fulfil(order))):
        return FulfilmentState.FULFILLED
    return FulfilmentState.PARTLY if order.fulfilments else FulfilmentState.UNFULFILLED


def payment_of(order: Order) -> PaymentState:
    """What the amounts say."""
    if order.refunded:
        return PaymentState.PARTLY_REFUNDED if order.refundable else PaymentState.REFUNDED
    if order.received == 0 and order.total > 0:
        return PaymentState.PENDING
    return PaymentState.PARTLY_PAID if order.balance > 0 else PaymentState.PAID


def left_to_fulfil(order: Order) -> list[int]:
    """For each line item, how many are neither in a parcel nor refunded before they were sent."""
    left = [line.quantity for line in order.lines]
    events = [(fulfilment.at, fulfilment.items) for fulfilment in order.fulfilments]
    events += [(refund.at, _items_of(refund.lines)) for refund in order.refunds if refund.lines]
    for _, items in sorted(events, key=lambda event: event[0]):
        _take(left, order.lines, items)
    return left


def left_to_refund(order: Order) -> list[int]:
    """For each line item, how many have not been refunded."""
    left = [line.quantity for line in order.lines]
    _take(left, order.lines, [item for refund in order.refunds for item in _items_of(refund.lines)])
    return left


def left_to_return(order: Order) -> list[int]:
    """For each line item, how many no return is noted of."""
    left = [line.quantity for line in order.lines]
    _take(left, order.lines, [item for each in order.returns for item in each.items])
    return left


def name_of(line: LineItem | PackedItem | RefundLine) -> str:
    """What line items are recognised by: the SKU, else the title."""
    return line.sku or line.title


def _items_of(lines: Iterable[RefundLine]) -> tuple[PackedItem, ...]:
    return tuple(PackedItem(line.title, line.quantity, line.sku) for line in lines)


def _take(left: list[int], lines: Sequence[LineItem], items: Iterable[PackedItem]) -> None:
    """Takes the items away from the line items of their name, the first ones first."""
    wanted = Counter[str]()
    for item in items:
        wanted[name_of(item)] += item.quantity
    for place, line in enumerate(lines):
        taken = min(wanted[name_of(line)], left[place])
        wanted[name_of(line)] -= taken
        left[place] -= taken
