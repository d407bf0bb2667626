"""Placing and changing orders. Every change is one transaction with all totals, and leaves a line of history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from backend.domain.addresses import Address, clean_address
from backend.domain.customers import Customer
from backend.domain.ids import new_order_id
from backend.domain.money import check_amount, format_money
from backend.domain.orders import (
    NEXT_STATUSES,
    HistoryEntry,
    LineItem,
    Order,
    OrderStatus,
    check_lines,
    gift_cards_in,
    paid_as,
)
from backend.domain.phones import region_of
from backend.domain.team import Actor, Permission
from backend.domain.text import SHORT_LENGTH, clean_line, clean_text
from backend.domain.time import check_placed_at
from backend.errors import ConflictError, InvalidInputError, NotFoundError
from backend.records.customers import book_of, customer_from
from backend.records.orders import order_from
from backend.records.values import text as text_in
from backend.services.changes.recording import Recording
from backend.services.concurrency.retries import until_settled
from backend.services.context import Shop
from backend.services.orders.changes import OrderRef as OrderRef
from backend.services.orders.changes import change_order, with_history
from backend.services.orders.changes import get_order as get_order
from backend.services.orders.numbers import next_number, number_put
from backend.services.orders.payments import record_payment as record_payment
from backend.services.orders.recorded import alone, one_of
from backend.services.orders.refunds import refund_order as refund_order
from backend.services.orders.writes import OrderExistsError, placing_writes
from backend.services.outgoing import writes as outgoing
from backend.services.triggers import writes as triggers
from backend.store import schema
from backend.store.port import Item, Write


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """What a person enters for an order. Amounts are in minor units; `placed_at` None means now.

    `shipping_address` None means the customer's default address. Both are used when the order is placed. `source` is
    where an order was placed that was not entered here; its `reference` there places one order.
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
    source: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that is placed. `duplicate` says that it had been placed before with the same idempotency key."""

    order: Order
    duplicate: bool


def new_idempotency_key(shop: Shop) -> str:
    """The key (and future order id) of a form that is drawn now. The same key places one order, however often."""
    return new_order_id(shop.clock())


def place_order(
    shop: Shop, actor: Actor, draft: OrderDraft, key: str, *, also: Callable[[Order], Sequence[Write]] = lambda _: ()
) -> Placed:
    """Places an order once; the second time it returns the first one's order. `also` is written with it, and what
    it says about a failed condition goes first.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError` (no such customer), `ConflictError`
    (archived customer).
    """
    actor.require(Permission.PLACE_ORDERS)
    _check_key(key)
    return until_settled(lambda: _place(shop, actor, draft, key, also))


def _check_key(key: str) -> None:
    if not (14 < len(key) <= 40 and key.isascii() and key.isalnum()):
        raise InvalidInputError("The idempotency key of this form is not valid; open the form again.")


def _place(shop: Shop, actor: Actor, draft: OrderDraft, key: str, also: Callable[[Order], Sequence[Write]]) -> Placed:
    order, customer = written_order(shop, actor, draft, key, next_number)
    if customer.archived and shop.store.get(schema.order_key(customer.id, key)) is None:
        raise archived_error()
    try:
        shop.store.transact([*also(order), *order_writes(shop, order, customer, draft.reference)])
    except OrderExistsError:
        found_before = draft.reference and find_by_reference(shop, draft.source, draft.reference)
        return Placed(found_before or get_order(shop, draft.customer_id, key), duplicate=True)
    return Placed(order, duplicate=False)


def order_writes(shop: Shop, order: Order, customer: Customer, reference: str = "") -> list[Write]:
    """All that placing an order writes: the order with all totals, its number, and what hears of it.

    Errors attached: `OrderExistsError`, `StaleReadError`.
    """
    writes = placing_writes(order, customer, shop.zone, reference=reference)
    numbered = [] if reference else [number_put(order)]
    return [*writes, *numbered, *triggers.on_placed(shop, order), *outgoing.on_order_placed(shop, order)]


def archived_error() -> ConflictError:
    return ConflictError("This customer is archived. Restore the customer first.")


def find_by_reference(shop: Shop, source: str, reference: str) -> Order | None:
    """The order that has this number at its source, such as "shopify" or "api"."""
    item = shop.store.get(schema.reference_key(source, reference))
    return order_named_in(shop, item) if item else None


def order_named_in(shop: Shop, item: Item) -> Order | None:
    """The order that the item of a reference names."""
    key = schema.order_key(text_in(item, "customer"), text_in(item, "order"))
    found = shop.store.get(key)
    return order_from(key, found) if found else None


def written_order(
    shop: Shop, actor: Actor, draft: OrderDraft, key: str, number: Callable[[Shop], str]
) -> tuple[Order, Customer]:
    """The order that a draft describes, and its customer. `number` gives one where the draft has no reference.

    Raises: `InvalidInputError`, `NotFoundError` (no such customer).
    """
    found = shop.store.get(schema.customer_key(draft.customer_id))
    if found is None or "merged_into" in found:
        former = shop.store.get(schema.former_key(draft.customer_id))
        if former is None:
            raise NotFoundError("This customer no longer exists.")
        return written_order(shop, actor, replace(draft, customer_id=text_in(former, "customer")), key, number)
    customer = customer_from(draft.customer_id, found)
    addresses_key = schema.addresses_key(customer.id)
    default = book_of(addresses_key, shop.store.get(addresses_key)).default
    return _order_of(shop, actor, draft, key, customer, default, number), customer


def _order_of(
    shop: Shop,
    actor: Actor,
    draft: OrderDraft,
    key: str,
    customer: Customer,
    default: Address | None,
    number: Callable[[Shop], str],
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
        number=clean_line(draft.reference, "Reference", longest=SHORT_LENGTH) or number(shop),
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
        source=draft.source,
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


def change_status(
    shop: Shop,
    actor: Actor,
    ref: OrderRef,
    status: OrderStatus,
    *,
    notify: bool = True,
    within: Recording | None = None,
) -> Order:
    """Moves an order to another status; the same status again changes nothing. A step back from fulfilled removes the
    parcels, and one to pending the payments. Without `notify` no automation hears of it. It is recorded as a change of
    its own, or `within` a larger one.

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
        if (order.status, status) == (OrderStatus.FULFILLED, OrderStatus.PAID):
            moved = replace(moved, fulfilments=())
        if status is OrderStatus.PENDING:
            moved = replace(moved, payments=())
        return with_history(shop, actor, moved, f"{order.status} → {status}", notify=notify)

    cancelled = status is OrderStatus.CANCELLED
    summary = "cancelled an order" if cancelled else f"changed an order's status to {status}"
    record = one_of(within) if within else alone(shop, actor, summary, audited=cancelled)
    return change_order(shop, ref, changed, record=record, notify=notify)


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
        return with_history(shop, actor, after, f"Edited: {amounts[0]} → {amounts[1]}")

    return change_order(shop, ref, changed, record=alone(shop, actor, "edited an order"))


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
    settled = order.received == total and order.status is not OrderStatus.PENDING
    paid = None if unpaid or settled else order.received
    return replace(after, total=total, gift_cards=gift_cards_in(lines, total), paid=paid)


def change_addresses(
    shop: Shop,
    actor: Actor,
    ref: OrderRef,
    *,
    shipping: Address | None,
    billing: Address | None,
    also: Callable[[], Sequence[Write]] = lambda: (),
) -> Order:
    """Replaces both addresses of the order. A billing address of None is the shipping address.

    The customer's own stay, unless `also` has the writes that change them in the same transaction.

    Raises: `PermissionDeniedError`, `NotFoundError`, `ConflictError`, `InvalidInputError` naming the field.
    """
    actor.require(Permission.CHANGE_ORDERS)
    home = region_of(shop.zone, shop.locale)
    ship, bill = (each and clean_address(each, home) for each in (shipping, billing))

    def changed(order: Order) -> Order:
        after = replace(order, shipping_address=ship, billing_address=None if bill == ship else bill)
        if after == order:
            return order
        moved = after.shipping_address != order.shipping_address
        return with_history(shop, actor, after, f"{'Shipping' if moved else 'Billing'} address changed")

    record = alone(shop, actor, "changed an order's addresses")
    return change_order(shop, ref, changed, record=record, notify=False, also=also)
