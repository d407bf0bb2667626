"""Returns of an order: noted, received, or taken back. They change no amount; refunds do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.order_states import left_to_return
from backend.domain.orders import Order
from backend.domain.returns import MOST_RETURNS, Return
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders import parts
from backend.services.orders.changes import OrderRef, change_order, with_history


def note_return(
    shop: Shop, actor: Actor, ref: OrderRef, quantities: Sequence[int], reason: str, return_id: str
) -> Order:
    """Notes that so many of each line item come back, once per `return_id`. Nobody is emailed.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (nothing, or more than is
    left).
    """
    actor.require(Permission.CHANGE_ORDERS)
    reason = clean_line(reason, "Reason")

    def changed(order: Order) -> Order:
        after = with_return(shop, actor, order, quantities, reason, return_id)
        return with_history(shop, actor, after, _text("Return noted", after.returns[-1]))

    return change_order(shop, ref, changed, done=lambda order: parts.has(order.returns, return_id))


def with_return(
    shop: Shop, actor: Actor, order: Order, quantities: Sequence[int], reason: str, return_id: str
) -> Order:
    """The order with a return, without a line of history.

    Raises: `InvalidInputError`.
    """
    if len(order.returns) >= MOST_RETURNS:
        raise InvalidInputError(f"An order can have {MOST_RETURNS} returns at most.", "returns")
    items = parts.packed(
        order,
        quantities,
        left_to_return(order),
        too_many="can still be returned",
        nothing="Choose at least one item that comes back.",
    )
    return replace(order, returns=(*order.returns, Return(return_id, items, shop.clock(), actor.username, reason)))


def receive_return(shop: Shop, actor: Actor, ref: OrderRef, return_id: str, *, restocked: bool = False) -> Order:
    """Notes that the goods have arrived, and whether they are for sale again; a second time changes nothing.

    Raises: `PermissionDeniedError`, `NotFoundError` (also without such a return), `ConflictError`.
    """
    actor.require(Permission.CHANGE_ORDERS)

    def changed(order: Order) -> Order:
        before = parts.known(order.returns, return_id, "return")
        after = replace(before, received_at=shop.clock(), received_by=actor.username, restocked=restocked)
        returns = tuple(after if each is before else each for each in order.returns)
        text = _text("Return received and restocked" if restocked else "Return received", after)
        return with_history(shop, actor, replace(order, returns=returns), text)

    return change_order(shop, ref, changed, done=lambda order: _is_received(order, return_id))


def remove_return(shop: Shop, actor: Actor, ref: OrderRef, return_id: str) -> Order:
    """Takes back a return that was noted by mistake, or for goods that will not come.

    Raises as `receive_return`.
    """
    actor.require(Permission.CHANGE_ORDERS)

    def changed(order: Order) -> Order:
        removed = parts.known(order.returns, return_id, "return")
        after = replace(order, returns=parts.without(order.returns, removed))
        return with_history(shop, actor, after, _text("Return removed", removed))

    return change_order(shop, ref, changed)


def _is_received(order: Order, return_id: str) -> bool:
    return any(each.id == return_id and each.received_at is not None for each in order.returns)


def _text(what: str, returned: Return) -> str:
    """Such as "Return noted (2 items): Too small"."""
    return f"{what} ({parts.counted(returned.count)})" + (f": {returned.reason}" if returned.reason else "")
