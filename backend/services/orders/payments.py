"""Recording what a customer has paid of an order, all of it or a part."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time

from backend.domain.money import format_money
from backend.domain.orders import Order, OrderStatus
from backend.domain.payments import MOST_PAYMENTS, Payment
from backend.domain.team import Actor, Permission
from backend.domain.text import SHORT_LENGTH, clean_line
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders import parts
from backend.services.orders.changes import OrderRef, change_order, with_history


def record_payment(
    shop: Shop,
    actor: Actor,
    ref: OrderRef,
    amount: int | None = None,
    *,
    method: str = "",
    day: date | None = None,
    payment_id: str = "",
    notify: bool = True,
) -> Order:
    """Records that the customer has paid this much of the balance (minor units), once per `payment_id`.

    Without an amount it is all of the balance; an order without one stays as it is. `day` is when it was received,
    today without it. What settles a pending order makes it paid; without `notify` no automation hears of that.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (nothing, more than is owed,
    a day to come).
    """
    actor.require(Permission.CHANGE_ORDERS)
    method = clean_line(method, "Method", longest=SHORT_LENGTH)
    received_at, name = _moment(shop, day), payment_id or parts.new_part_id()

    def changed(order: Order) -> Order:
        if amount is None and order.balance <= 0:
            return order
        payment = Payment(name, _checked(shop, order, amount), received_at, actor.username, method)
        return with_history(shop, actor, paid_with(order, payment), _text(shop, payment), notify=notify)

    return change_order(
        shop,
        ref,
        changed,
        notify=notify,
        done=lambda order: parts.has(order.payments, name),
    )


def paid_with(order: Order, payment: Payment) -> Order:
    """The order with a payment; a pending one is paid when nothing is owed any more."""
    received = order.received + payment.amount
    settled = received == order.total
    status = OrderStatus.PAID if settled and order.status is OrderStatus.PENDING else order.status
    payments = (*order.payments, payment)
    return replace(order, status=status, paid=None if settled else received, payments=payments)


def _checked(shop: Shop, order: Order, amount: int | None) -> int:
    owed = order.balance
    if owed <= 0:
        raise InvalidInputError("Nothing of this order is left to pay.", "amount")
    if len(order.payments) >= MOST_PAYMENTS:
        raise InvalidInputError(f"An order can have {MOST_PAYMENTS} payments at most.", "amount")
    wanted = owed if amount is None else amount
    if not 0 < wanted <= owed:
        left = format_money(owed, shop.currency, shop.locale)
        raise InvalidInputError(f"Enter an amount above zero, and at most the {left} that is left to pay.", "amount")
    return wanted


def _moment(shop: Shop, day: date | None) -> datetime:
    """Now, or noon of an earlier day."""
    now = shop.clock()
    today = now.astimezone(shop.zone).date()
    if day is None or day == today:
        return now
    if day > today:
        raise InvalidInputError("A payment cannot be received on a day to come.", "date")
    return datetime.combine(day, time(12), shop.zone).astimezone(now.tzinfo)


def _text(shop: Shop, payment: Payment) -> str:
    """Such as "Payment of $12.00 recorded (bank transfer)"."""
    text = f"Payment of {format_money(payment.amount, shop.currency, shop.locale)} recorded"
    return f"{text} ({payment.method})" if payment.method else text
