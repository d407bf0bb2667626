"""Returns of an order: noted, received, or taken back. They change no amount; refunds do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.fulfilments import PackedItem
from backend.domain.ids import new_entry_id
from backend.domain.order_states import left_to_return
from backend.domain.orders import Order
from backend.domain.returns import MOST_RETURNS, Return
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.errors import InvalidInputError, NotFoundError
from backend.services.context import Shop
from backend.services.orders.changes import OrderRef, change_order, with_history


def new_return_id() -> str:
    """The idempotency key of a form that is drawn now."""
    return new_entry_id() + new_entry_id()


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

    return change_order(shop, ref, changed, done=lambda order: _find(order, return_id) is not None)


def with_return(
    shop: Shop, actor: Actor, order: Order, quantities: Sequence[int], reason: str, return_id: str
) -> Order:
    """The order with a return, without a line of history.

    Raises: `InvalidInputError`.
    """
    if len(order.returns) >= MOST_RETURNS:
        raise InvalidInputError(f"An order can have {MOST_RETURNS} returns at most.", "returns")
    left = left_to_return(order)
    if len(quantities) != len(left):
        raise InvalidInputError("The order has other line items by now. Open it again.", "lines")
    for line, wanted, most in zip(order.lines, quantities, left, strict=True):
        if not 0 <= wanted <= most:
            raise InvalidInputError(f"Only {most} of “{line.title[:60]}” can still be returned.", "quantity")
    chosen = zip(order.lines, quantities, strict=True)
    items = tuple(PackedItem(line.title, wanted, line.sku) for line, wanted in chosen if wanted)
    if not items:
        raise InvalidInputError("Choose at least one item that comes back.", "quantity")
    return replace(order, returns=(*order.returns, Return(return_id, items, shop.clock(), actor.username, reason)))


def receive_return(shop: Shop, actor: Actor, ref: OrderRef, return_id: str, *, restocked: bool = False) -> Order:
    """Notes that the goods have arrived, and whether they are for sale again; a second time changes nothing.

    Raises: `PermissionDeniedError`, `NotFoundError` (also without such a return), `ConflictError`.
    """
    actor.require(Permission.CHANGE_ORDERS)

    def changed(order: Order) -> Order:
        before = _known(order, return_id)
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
        removed = _known(order, return_id)
        after = replace(order, returns=tuple(each for each in order.returns if each is not removed))
        return with_history(shop, actor, after, _text("Return removed", removed))

    return change_order(shop, ref, changed)


def _find(order: Order, return_id: str) -> Return | None:
    return next((each for each in order.returns if each.id == return_id), None)


def _known(order: Order, return_id: str) -> Return:
    found = _find(order, return_id)
    if found is None:
        raise NotFoundError("This return no longer exists.")
    return found


def _is_received(order: Order, return_id: str) -> bool:
    found = _find(order, return_id)
    return found is not None and found.received_at is not None


def _text(what: str, returned: Return) -> str:
    """Such as "Return noted (2 items): Too small"."""
    items = f"{returned.count} item{'s' if returned.count > 1 else ''}"
    return f"{what} ({items})" + (f": {returned.reason}" if returned.reason else "")
