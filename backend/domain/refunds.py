"""Refunds by line item: what each comes to, so that all parts of an order add up to the order, to the cent."""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.order_states import left_to_refund
from backend.domain.orders import Order, RefundLine
from backend.errors import InvalidInputError


def refund_lines(order: Order, quantities: Sequence[int], *, restocked: bool = False) -> tuple[RefundLine, ...]:
    """The lines of a refund of so many of each line item, with their part of discounts and taxes.

    Raises: `InvalidInputError` for more of one than has not been refunded.
    """
    found: list[RefundLine] = []
    for line, share, left, wanted in zip(
        order.lines, _shares(order), left_to_refund(order), _filled(order, quantities), strict=True
    ):
        if not 0 <= wanted <= left:
            raise InvalidInputError(f"Only {left} of “{line.title[:60]}” can still be refunded.", "quantity")
        before = line.quantity - left
        amount = share * (before + wanted) // line.quantity - share * before // line.quantity
        if wanted:
            found.append(RefundLine(line.title, wanted, amount, line.sku, restocked))
    return tuple(found)


def shipping_left(order: Order) -> int:
    """Minor units of the shipping that have not been refunded."""
    return max(order.shipping - sum(refund.shipping for refund in order.refunds), 0)


def check_shipping(order: Order, shipping: int) -> int:
    """The shipping that is refunded.

    Raises: `InvalidInputError` for more than is left of it.
    """
    if not 0 <= shipping <= shipping_left(order):
        raise InvalidInputError("This is more than the shipping that has not been refunded.", "shipping")
    return shipping


def suggested_amount(order: Order, lines: Sequence[RefundLine], shipping: int) -> int:
    """What these parts come to, and never more than can be refunded; for all of an order all that was paid."""
    if shipping == order.shipping and [line.quantity for line in lines] == [line.quantity for line in order.lines]:
        return order.refundable
    return min(sum(line.amount for line in lines) + shipping, order.refundable)


def _shares(order: Order) -> list[int]:
    """What of the total, less shipping and tip, falls to each line item: by its amount before discounts."""
    goods = max(order.total - order.shipping - order.tip, 0)
    whole = sum(line.amount for line in order.lines)
    shares, so_far = [], 0
    for line in order.lines:
        before, so_far = so_far, so_far + line.amount
        shares.append(goods * so_far // whole - goods * before // whole if whole else 0)
    return shares


def _filled(order: Order, quantities: Sequence[int]) -> Sequence[int]:
    if len(quantities) not in (0, len(order.lines)):
        raise InvalidInputError("The order has other line items by now. Open it again.", "lines")
    return quantities or [0] * len(order.lines)
