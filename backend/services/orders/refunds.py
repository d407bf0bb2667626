"""Giving back part or all of an order, by line item, shipping or amount."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.money import check_amount, format_money
from backend.domain.orders import Order, Refund
from backend.domain.refunds import check_shipping, refund_lines
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.errors import InvalidInputError
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.orders import parts
from backend.services.orders.changes import OrderRef, change_order, target_of, with_history
from backend.services.orders.returns import with_return


def refund_order(
    shop: Shop,
    actor: Actor,
    ref: OrderRef,
    amount: int,
    reason: str,
    refund_id: str,
    *,
    quantities: Sequence[int] = (),
    shipping: int = 0,
    restocked: bool = False,
    returned: bool = False,
    notify: bool = True,
) -> Order:
    """Gives back part or all of an order, once per `refund_id`. Amounts are in minor units.

    `quantities` (of each line item) and `shipping` say what the amount is for; it may differ from what they come to.
    `restocked` notes that the goods are for sale again, and `returned` that they come back (as `note_return` does,
    under the same id). Without `notify` no automation hears of it.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (nothing, more than is
    left, or an order that was never paid).
    """
    actor.require(Permission.REFUND_ORDERS)
    reason = clean_line(reason, "Reason")

    def changed(order: Order) -> Order:
        _check_amount(shop, order, amount)
        lines = refund_lines(order, quantities, restocked=restocked)
        kept = check_shipping(order, shipping)
        refund = Refund(refund_id, amount, shop.clock(), actor.username, reason, lines, kept)
        after = replace(order, refunds=(*order.refunds, refund))
        if returned:
            after = with_return(shop, actor, after, quantities, reason, refund_id)
        return with_history(
            shop, actor, after, _told(shop, refund) + ("; return noted" if returned else ""), notify=notify
        )

    detail = format_money(check_amount(amount, "The refund"), shop.currency, shop.locale)
    audit_entry = audit_log.entry(shop, actor, "refunded an order", target_of(ref), detail)
    return change_order(
        shop,
        ref,
        changed,
        record=lambda before, after: [audit_entry],
        notify=notify,
        done=lambda order: parts.has(order.refunds, refund_id),
    )


def _told(shop: Shop, refund: Refund) -> str:
    """Such as "Refunded $12.00 (2 items, shipping; restocked): Broken lid"."""
    count = sum(line.quantity for line in refund.lines)
    found = [*([parts.counted(count)] if count else []), *(["shipping"] if refund.shipping else [])]
    what = ", ".join(found) + ("; restocked" if any(line.restocked for line in refund.lines) else "")
    text = f"Refunded {format_money(refund.amount, shop.currency, shop.locale)}" + (f" ({what})" if what else "")
    return text + (f": {refund.reason}" if refund.reason else "")


def _check_amount(shop: Shop, order: Order, amount: int) -> None:
    if check_amount(amount, "The refund") == 0:
        raise InvalidInputError("The refund must be more than nothing.", "amount")
    if not order.received and order.total:
        raise InvalidInputError("This order has not been paid, so there is nothing to refund.", "amount")
    if amount > order.refundable:
        left = format_money(order.refundable, shop.currency, shop.locale)
        raise InvalidInputError(f"Only {left} of this order is left to refund.", "amount")
