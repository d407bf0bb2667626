"""Merges a newer export into a stored order. The export's figures win; refunds made here stay."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from backend.domain.imports import ImportedOrder
from backend.domain.money import format_money
from backend.domain.orders import MOST_HISTORY, HistoryEntry, Order, OrderStatus, Refund
from backend.errors import InvalidInputError

REFUND_ID = "import"
"""The id of the one refund for what an export says was refunded."""
PARCEL = "source-"
"""How the ids of parcels begin that a source has reported."""
UNLISTED = "Items that the file does not list"
"""The title of the one line of an order of which a table says only what it came to."""
_BY_FILE = "import"
_STAGES = {OrderStatus.PENDING: 0, OrderStatus.PAID: 1, OrderStatus.FULFILLED: 2, OrderStatus.CANCELLED: 3}


def new_order(
    imported: ImportedOrder,
    order_id: str,
    customer_id: str,
    currency: str,
    by: str,
    now: datetime,
    *,
    source: str = "shopify",
    how: str = "Imported",
) -> Order:
    """The order at its first import. Its amounts are the source's, which may differ from the sum of its line items."""
    return Order(
        id=order_id,
        number=imported.number,
        customer_id=customer_id,
        customer_name=imported.name,
        customer_email=imported.email,
        status=imported.status,
        placed_at=imported.placed_at,
        lines=imported.lines,
        subtotal=imported.subtotal,
        total=imported.total,
        currency=currency,
        discount=imported.discount,
        shipping=imported.shipping,
        tax=imported.tax,
        refunds=_refunds((), imported.refunded, by, imported.cancelled_at or now),
        history=(HistoryEntry(now, by, f"{how} as {'a test order' if imported.test else imported.status}"),),
        source=source,
        country=imported.country,
        discount_code=imported.discount_code,
        note=imported.note,
        tip=imported.tip,
        duties=imported.duties,
        gift_cards=imported.gift_cards,
        tax_included=imported.tax_included,
        test=imported.test,
        paid=imported.paid,
        shipping_address=imported.shipping_address,
        billing_address=imported.billing_address,
        fulfilments=imported.fulfilments or (),
    )


def is_ahead(before: Order, imported: ImportedOrder) -> bool:
    """Whether these values show something that happened after the stored ones: a later status, or a refund."""
    return _STAGES[imported.status] > _STAGES[before.status] or imported.refunded > before.refunded


def is_behind(before: Order, imported: ImportedOrder) -> bool:
    """Whether these values would take back something that has happened."""
    return _STAGES[imported.status] < _STAGES[before.status] or imported.refunded < before.refunded


def updated_order(
    before: Order,
    imported: ImportedOrder,
    by: str,
    now: datetime,
    locale: str,
    *,
    how: str = _BY_FILE,
    addresses_alone: bool = False,
) -> Order:
    """The order with the newer export's values; `before` itself when nothing differs. Date and customer stay.

    `addresses_alone`: all else was imported before, by a version of the program that read no addresses.

    Raises: `InvalidInputError` when the order was changed too often.
    """
    after = _with_addresses(before, imported)
    if not addresses_alone:
        after = _with_values(after, imported, by, now, is_live=how != _BY_FILE)
        after = _with_fulfilments(after, imported)
    return _with_history(before, after, by, now, locale, how)


def _with_addresses(before: Order, imported: ImportedOrder) -> Order:
    if imported.shipping_address is None and imported.billing_address is None:
        return before
    return replace(before, shipping_address=imported.shipping_address, billing_address=imported.billing_address)


def _with_fulfilments(before: Order, imported: ImportedOrder) -> Order:
    """The source's parcels as they are there, and those that were noted here."""
    if imported.fulfilments is None:
        return before
    here = tuple(each for each in before.fulfilments if not each.id.startswith(PARCEL))
    return replace(before, fulfilments=(*here, *imported.fulfilments))


def _with_values(before: Order, imported: ImportedOrder, by: str, now: datetime, *, is_live: bool) -> Order:
    return replace(
        before,
        customer_name=imported.name,
        status=imported.status,
        lines=before.lines if [line.title for line in imported.lines] == [UNLISTED] else imported.lines,
        subtotal=imported.subtotal,
        total=imported.total,
        discount=imported.discount,
        shipping=imported.shipping,
        tax=imported.tax,
        refunds=_refunds(before.refunds, imported.refunded, by, imported.cancelled_at or now, is_live=is_live),
        country=imported.country,
        discount_code=imported.discount_code,
        note=imported.note,
        tip=imported.tip,
        duties=imported.duties,
        gift_cards=imported.gift_cards,
        tax_included=imported.tax_included,
        test=imported.test,
        paid=imported.paid,
    )


def with_refunded(before: Order, refunded: int, by: str, now: datetime, locale: str, *, how: str) -> Order:
    """The order of which so much was given back in all (minor units); `before` itself when that is known.

    Raises: `InvalidInputError` when the order was changed too often.
    """
    after = replace(before, refunds=_refunds(before.refunds, refunded, by, now, is_live=True))
    return _with_history(before, after, by, now, locale, how)


def _with_history(before: Order, after: Order, by: str, now: datetime, locale: str, how: str) -> Order:
    if after == before:
        return before
    if len(before.history) >= MOST_HISTORY:
        raise InvalidInputError("This order has been changed too often to be changed again.")
    entry = HistoryEntry(now, by, f"Updated by {how}: {_difference(before, after, locale)}")
    return replace(after, history=(*before.history, entry), version=before.version + 1)


def _refunds(
    stored: tuple[Refund, ...], refunded: int, by: str, at: datetime, *, is_live: bool = False
) -> tuple[Refund, ...]:
    """The stored refunds, and one for the rest of the source's amount. Refunds are never removed.

    Files show a sum, so theirs is one refund that grows. What arrives live is a refund of its own, which starts
    automations and events for endpoints.
    """
    missing = refunded - sum(refund.amount for refund in stored)
    if missing <= 0:
        return stored
    if is_live:
        return (*stored, Refund(f"{REFUND_ID}-{refunded}", missing, at, by))
    here = tuple(refund for refund in stored if refund.id != REFUND_ID)
    amount = refunded - sum(refund.amount for refund in here)
    return (*here, Refund(REFUND_ID, amount, at, by, "As exported"))


def _difference(before: Order, after: Order, locale: str) -> str:
    parts = []
    if before.status is not after.status:
        parts.append(f"{before.status} → {after.status}")
    for name in ("total", "refunded"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            shown = [format_money(amount, before.currency, locale) for amount in (old, new)]
            parts.append(f"{name} {shown[0]} → {shown[1]}")
    if before.lines != after.lines:
        parts.append("line items")
    if len(before.fulfilments) != len(after.fulfilments):
        parts.append("parcels")
    if (before.shipping_address, before.billing_address) != (after.shipping_address, after.billing_address):
        parts.append("addresses")
    return ", ".join(parts) or "details"
