"""Placing and changing orders. Every change is one transaction with all totals, and leaves a line of history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from backend.domain.addresses import Address, clean_address
from backend.domain.customers import Customer
from backend.domain.ids import new_entry_id, new_order_id, order_number
from backend.domain.money import check_amount, format_money
from backend.domain.orders import (
    MOST_HISTORY,
    NEXT_STATUSES,
    HistoryEntry,
    LineItem,
    Order,
    OrderStatus,
    Refund,
    check_lines,
    gift_cards_in,
    paid_as,
)
from backend.domain.phones import region_of
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line, clean_text
from backend.domain.time import check_placed_at
from backend.errors import ConflictError, InvalidInputError, NotFoundError
from backend.records.addresses import book_of
from backend.records.customers import customer_from
from backend.records.orders import order_day, order_from
from backend.services.audit import log as audit_log
from backend.services.concurrency.retries import until_settled
from backend.services.context import Shop
from backend.services.orders.writes import OrderChangedError, OrderExistsError, changing_writes, placing_writes
from backend.services.triggers import writes as triggers
from backend.store import schema
from backend.store.port import Item, Put


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """What a person enters for an order. Amounts are in minor units; `placed_at` None means now.

    `shipping_address` None means the customer's default address. Both are used when the order is placed.
    """

    customer_id: str
    lines: tuple[LineItem, ...]
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    status: OrderStatus = OrderStatus.PENDING
    note: str = ""
    currency: str = ""
    placed_at: datetime | None = None
    shipping_address: Address | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that stands. `duplicate` says that it had been placed before with the same idempotency key."""

    order: Order
    duplicate: bool


@dataclass(frozen=True, slots=True)
class OrderRef:
    """Which order, in the version that the person has seen."""

    customer_id: str
    order_id: str
    seen_version: int


def new_idempotency_key(shop: Shop) -> str:
    """The key (and future order id) of a form that is drawn now. The same key places one order, however often."""
    return new_order_id(shop.clock())


def place_order(shop: Shop, actor: Actor, draft: OrderDraft, key: str) -> Placed:
    """Places an order once; the second time it returns the first one's order.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError` (no such customer), `ConflictError`
    (archived customer).
    """
    actor.require(Permission.PLACE_ORDERS)
    _check_key(key)
    return until_settled(lambda: _place(shop, actor, draft, key))


def _check_key(key: str) -> None:
    if not (14 < len(key) <= 40 and key.isascii() and key.isalnum()):
        raise InvalidInputError("The idempotency key of this form is not valid; open the form again.")


def _place(shop: Shop, actor: Actor, draft: OrderDraft, key: str) -> Placed:
    order_key = schema.order_key(draft.customer_id, key)
    found = shop.store.get(schema.customer_key(draft.customer_id))
    if found is None:
        raise NotFoundError("This customer no longer exists.")
    customer = customer_from(draft.customer_id, found)
    addresses_key = schema.addresses_key(customer.id)
    default = book_of(addresses_key, shop.store.get(addresses_key)).default
    order = _order_of(shop, actor, draft, key, customer, default)
    if customer.archived and shop.store.get(order_key) is None:
        raise ConflictError("This customer is archived. Restore the customer first.")
    try:
        shop.store.transact([*placing_writes(order, customer, shop.zone), *triggers.on_placed(shop, order)])
    except OrderExistsError:
        return Placed(get_order(shop, draft.customer_id, key), duplicate=True)
    return Placed(order, duplicate=False)


def _order_of(
    shop: Shop, actor: Actor, draft: OrderDraft, key: str, customer: Customer, default: Address | None
) -> Order:
    now = shop.clock()
    if draft.currency and draft.currency != shop.currency:
        raise InvalidInputError(
            f"The shop sells in {shop.currency}; an order in {draft.currency} cannot be mixed in.", "currency"
        )
    if draft.status is OrderStatus.CANCELLED:
        raise InvalidInputError("A new order cannot be cancelled already.", "status")
    placed_at = check_placed_at(draft.placed_at or now, now)
    lines = check_lines(draft.lines)
    subtotal = _subtotal(lines, draft.discount)
    shipping, tax = check_amount(draft.shipping, "Shipping"), check_amount(draft.tax, "Tax")
    total = check_amount(subtotal + shipping + tax, "The total")
    return Order(
        id=key,
        number=order_number(key, placed_at),
        customer_id=draft.customer_id,
        customer_name=customer.name,
        customer_email=customer.email,
        status=draft.status,
        placed_at=placed_at,
        lines=lines,
        subtotal=subtotal,
        total=total,
        currency=shop.currency,
        discount=draft.discount,
        shipping=shipping,
        tax=tax,
        history=(HistoryEntry(now, actor.username, f"Placed as {draft.status}"),),
        country=customer.country,
        note=clean_text(draft.note, "Note"),
        gift_cards=gift_cards_in(lines, total),
        shipping_address=_address_of(shop, draft) or default,
    )


def _address_of(shop: Shop, draft: OrderDraft) -> Address | None:
    typed = draft.shipping_address
    return clean_address(typed, region_of(shop.zone, shop.locale)) if typed else None


def _subtotal(lines: tuple[LineItem, ...], discount: int) -> int:
    amount = check_amount(sum(line.amount for line in lines), "The sum of the line items")
    check_amount(discount, "Discount")
    if discount > amount:
        raise InvalidInputError("The discount is larger than the sum of the line items.", "discount")
    return amount - discount


def get_order(shop: Shop, customer_id: str, order_id: str) -> Order:
    """One order.

    Raises: `NotFoundError`.
    """
    key = schema.order_key(customer_id, order_id)
    item = shop.store.get(key) if customer_id and order_id else None
    if item is None:
        raise NotFoundError("This order does not exist.")
    return order_from(key, item)


def change_status(shop: Shop, actor: Actor, ref: OrderRef, status: OrderStatus) -> Order:
    """Moves an order to another status; the same status again changes nothing.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (not possible from here).
    """
    actor.require(Permission.CHANGE_ORDERS)

    def changed(order: Order) -> Order:
        if order.status is status:
            return order
        if status not in NEXT_STATUSES[order.status]:
            raise InvalidInputError(f"An order that is {order.status} cannot become {status}.", "status")
        if order.test:
            raise InvalidInputError("This is a test order, which never counts, so its status stays as it is.", "status")
        moved = replace(order, status=status, paid=paid_as(order, status))
        return _with_history(shop, actor, moved, f"{order.status} → {status}")

    cancelled = (
        audit_log.entry(shop, actor, "cancelled an order", _target(ref)) if status is OrderStatus.CANCELLED else None
    )
    return until_settled(lambda: _change(shop, ref, changed, cancelled))


def edit_order(shop: Shop, actor: Actor, ref: OrderRef, draft: OrderDraft) -> Order:
    """Replaces line items, discount, shipping, tax and note; customer, status and date stay, and so does what was paid.

    Amounts are added up again only when one of them changes: an imported order keeps the total of its source. What was
    paid leaves a balance (`Order.balance`).

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (also when less would
    remain than was refunded).
    """
    actor.require(Permission.CHANGE_ORDERS)

    def changed(order: Order) -> Order:
        after = edited(order, draft)
        if after.total < order.refunded and after.total != order.total:
            refunded = format_money(order.refunded, shop.currency, shop.locale)
            raise InvalidInputError(f"The total would be less than the {refunded} refunded already.", "total")
        if after == order:
            return order
        amounts = [format_money(amount, shop.currency, shop.locale) for amount in (order.total, after.total)]
        return _with_history(shop, actor, after, f"Edited: {amounts[0]} → {amounts[1]}")

    return until_settled(lambda: _change(shop, ref, changed))


def edited(order: Order, draft: OrderDraft) -> Order:
    """What an edit makes of an order, without its line of history.

    Raises: `InvalidInputError`.
    """
    lines = check_lines(draft.lines)
    subtotal = _subtotal(lines, draft.discount)
    after = replace(
        order,
        lines=lines,
        discount=draft.discount,
        shipping=check_amount(draft.shipping, "Shipping"),
        tax=check_amount(draft.tax, "Tax"),
        note=clean_text(draft.note, "Note"),
    )
    if replace(after, note=order.note) == order:
        return after
    after = replace(after, subtotal=subtotal)
    total = check_amount(after.added_up, "The total")
    unpaid = order.status is OrderStatus.PENDING and order.paid is None
    paid = None if unpaid or order.received == total else order.received
    return replace(after, total=total, gift_cards=gift_cards_in(lines, total), paid=paid)


def record_payment(shop: Shop, actor: Actor, ref: OrderRef) -> Order:
    """Records that the customer has paid the balance; an order without one stays as it is.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`.
    """
    actor.require(Permission.CHANGE_ORDERS)

    def changed(order: Order) -> Order:
        if order.balance <= 0:
            return order
        amount = format_money(order.balance, shop.currency, shop.locale)
        settled = OrderStatus.PAID if order.status is OrderStatus.PENDING else order.status
        return _with_history(shop, actor, replace(order, status=settled, paid=None), f"Payment of {amount} recorded")

    return until_settled(lambda: _change(shop, ref, changed))


def new_refund_id() -> str:
    """The idempotency key of a refund form that is drawn now."""
    return new_entry_id() + new_entry_id()


def refund_order(shop: Shop, actor: Actor, ref: OrderRef, amount: int, reason: str, refund_id: str) -> Order:
    """Gives back part or all of an order, once per `refund_id`. `amount` is in minor units.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` (nothing, more than is
    left, or an order that was never paid).
    """
    actor.require(Permission.REFUND_ORDERS)
    reason = clean_line(reason, "Reason")

    def changed(order: Order) -> Order:
        _check_refund(shop, order, amount)
        refund = Refund(refund_id, amount, shop.clock(), actor.username, reason)
        text = f"Refunded {format_money(amount, shop.currency, shop.locale)}" + (f": {reason}" if reason else "")
        return _with_history(shop, actor, replace(order, refunds=(*order.refunds, refund)), text)

    done = _find_refund(shop, ref, refund_id)
    detail = format_money(check_amount(amount, "The refund"), shop.currency, shop.locale)
    audit_entry = audit_log.entry(shop, actor, "refunded an order", _target(ref), detail)
    try:
        return done or until_settled(lambda: _change(shop, ref, changed, audit_entry))
    except OrderChangedError:
        if done := _find_refund(shop, ref, refund_id):
            return done
        raise


def _find_refund(shop: Shop, ref: OrderRef, refund_id: str) -> Order | None:
    order = get_order(shop, ref.customer_id, ref.order_id)
    return order if any(refund.id == refund_id for refund in order.refunds) else None


def _check_refund(shop: Shop, order: Order, amount: int) -> None:
    if check_amount(amount, "The refund") == 0:
        raise InvalidInputError("The refund must be more than nothing.", "amount")
    if not order.received and order.total:
        raise InvalidInputError("This order has not been paid, so there is nothing to refund.", "amount")
    if amount > order.refundable:
        left = format_money(order.refundable, shop.currency, shop.locale)
        raise InvalidInputError(f"Only {left} of this order is left to refund.", "amount")


def _with_history(shop: Shop, actor: Actor, order: Order, text: str) -> Order:
    if len(order.history) >= MOST_HISTORY:
        raise InvalidInputError("This order has been changed too often to be changed again.")
    entry = HistoryEntry(shop.clock(), actor.username, text)
    return replace(order, history=(*order.history, entry), version=order.version + 1)


def _target(ref: OrderRef) -> str:
    return f"order:{ref.customer_id}-{ref.order_id}"


def _change(shop: Shop, ref: OrderRef, changed: Callable[[Order], Order], audit_entry: Put | None = None) -> Order:
    """Changes the order that was seen; `audit_entry` is written with it."""
    key = schema.order_key(ref.customer_id, ref.order_id)
    item = shop.store.get(key)
    if item is None:
        raise NotFoundError("This order no longer exists.")
    before = order_from(key, item)
    if before.version != ref.seen_version:
        last = before.history[-1] if before.history else None
        who = f" ({last.by}: {last.text})" if last else ""
        raise OrderChangedError(f"Someone else has changed order {before.number}{who}.")
    after = changed(before)
    if after is not before:
        _write_change(shop, before, after, item, audit_entry)
    return after


def _write_change(shop: Shop, before: Order, after: Order, item: Item, audit_entry: Put | None) -> None:
    """Writes a new version of an order with the difference in all totals, and what automations will do about it."""
    day = order_day(item)
    customer = schema.customer_key(after.customer_id)
    month = schema.customer_month_key(after.customer_id, day[:7])
    found = {key: shop.store.get(key) or {} for key in (customer, month)}
    writes = changing_writes(before, after, day, found[customer], found[month], shop.zone)
    shop.store.transact([*writes, *triggers.on_changed(shop, before, after), *([audit_entry] if audit_entry else [])])
