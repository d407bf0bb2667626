"""Sending an order: parcels with their tracking, beside the status that lists and totals know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.fulfilments import MOST_FULFILMENTS, Fulfilment, Tracking, clean_tracking
from backend.domain.order_states import left_to_fulfil
from backend.domain.orders import Order, OrderStatus, paid_as
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders import parts
from backend.services.orders.changes import OrderRef, change_order, with_history


def fulfil_order(
    shop: Shop,
    actor: Actor,
    ref: OrderRef,
    quantities: Sequence[int],
    tracking: Tracking,
    fulfilment_id: str,
    *,
    notify: bool = True,
) -> Order:
    """Notes a parcel with so many of each line item, once per `fulfilment_id`. The last one makes the order fulfilled.

    Without `notify` no automation hears of it.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (nothing in it, more than is
    left, a cancelled order, a link that is none).
    """
    actor.require(Permission.CHANGE_ORDERS)
    clean = clean_tracking(tracking)

    def changed(order: Order) -> Order:
        _check_open(order)
        items = parts.packed(
            order,
            quantities,
            left_to_fulfil(order),
            too_many="are left to send",
            nothing="Choose at least one item for the parcel.",
        )
        fulfilment = Fulfilment(
            fulfilment_id, items, shop.clock(), actor.username, clean.carrier, clean.number, clean.url
        )
        after = replace(order, fulfilments=(*order.fulfilments, fulfilment))
        text = f"Sent {parts.counted(fulfilment.count)}{_followed(fulfilment)}"
        if not any(left_to_fulfil(after)) and order.status is not OrderStatus.FULFILLED:
            text += f"; {order.status} → {OrderStatus.FULFILLED}"
            after = replace(after, status=OrderStatus.FULFILLED, paid=paid_as(order, OrderStatus.FULFILLED))
        return with_history(shop, actor, after, text, notify=notify)

    return change_order(
        shop, ref, changed, notify=notify, done=lambda order: parts.has(order.fulfilments, fulfilment_id)
    )


def change_tracking(shop: Shop, actor: Actor, ref: OrderRef, fulfilment_id: str, tracking: Tracking) -> Order:
    """Replaces how a parcel is followed; nobody is emailed. Raises as `fulfil_order`."""
    actor.require(Permission.CHANGE_ORDERS)
    clean = clean_tracking(tracking)

    def changed(order: Order) -> Order:
        before = parts.known(order.fulfilments, fulfilment_id, "parcel")
        after = replace(before, carrier=clean.carrier, tracking_number=clean.number, tracking_url=clean.url)
        if after == before:
            return order
        parcels = tuple(after if each is before else each for each in order.fulfilments)
        return with_history(shop, actor, replace(order, fulfilments=parcels), f"Tracking changed{_followed(after)}")

    return change_order(shop, ref, changed)


def remove_fulfilment(shop: Shop, actor: Actor, ref: OrderRef, fulfilment_id: str) -> Order:
    """Takes a parcel back that was noted by mistake; an order that was fulfilled by it is paid again.

    Raises as `fulfil_order`.
    """
    actor.require(Permission.CHANGE_ORDERS)

    def changed(order: Order) -> Order:
        removed = parts.known(order.fulfilments, fulfilment_id, "parcel")
        after = replace(order, fulfilments=parts.without(order.fulfilments, removed))
        text = f"Parcel removed{_followed(removed)}"
        if order.status is OrderStatus.FULFILLED:
            text += f"; {order.status} → {OrderStatus.PAID}"
            after = replace(after, status=OrderStatus.PAID, paid=paid_as(order, OrderStatus.PAID))
        return with_history(shop, actor, after, text)

    return change_order(shop, ref, changed, notify=False)


def _check_open(order: Order) -> None:
    if order.status is OrderStatus.CANCELLED:
        raise InvalidInputError("This order is cancelled.", "status")
    if order.test:
        raise InvalidInputError("This is a test order, so there is nothing to send.", "status")
    if len(order.fulfilments) >= MOST_FULFILMENTS:
        raise InvalidInputError(f"An order can have {MOST_FULFILMENTS} parcels at most.", "parcels")


def _followed(fulfilment: Fulfilment) -> str:
    """Such as ": DHL 00340434…"."""
    how = " ".join(filter(None, (fulfilment.carrier, fulfilment.tracking_number)))
    return f": {how}" if how else ""
