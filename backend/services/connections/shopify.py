"""Shopify's payloads: orders, refunds and customers (Shopify Admin REST API, resources Order, Refund and Customer).

Amounts are those in the shop's own currency (`shop_money`), not what the customer saw (`presentment_money`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.domain.connections import NEW_FOR, Connection, Delivery
from backend.domain.fulfilments import LONGEST_LINK, Fulfilment, PackedItem, Tracking, clean_tracking
from backend.domain.money import to_minor
from backend.domain.text import repaired_line
from backend.errors import InvalidInputError
from backend.services.connections.payloads import (
    Payload,
    added,
    customer_of,
    decimal_in,
    moment_in,
    order_of,
    part,
    parts,
    said,
    updated_mark,
    with_fulfilments,
    with_gift_cards,
)
from backend.services.context import Shop
from backend.services.imports.customer_plan import CustomerCandidate, LiveCustomer
from backend.services.imports.order_file import Live, OrderCandidate
from backend.services.imports.order_form import LineOfOrder
from backend.services.imports.order_merge import PARCEL

_CALLED_OFF = ("cancelled", "error", "failure")
_Rate = tuple[Decimal, Decimal]
_ANSWERS = {"subscribed": "yes", "unsubscribed": "no", "redacted": "no"}
"""What a state of `email_marketing_consent` says; the others are no answer."""


@dataclass(frozen=True, slots=True)
class RefundOfOrder:
    """One refund: the order's id at Shopify, the refund's, and its money in minor units (0: only goods came back)."""

    order: str
    id: str
    amount: int


def order_from(shop: Shop, connection: Connection, delivery: Delivery, order: Payload) -> OrderCandidate:
    """Raises: `InvalidInputError`."""
    refunds = _Refunds(shop, order)
    is_void = bool(said(order, "cancelled_at")) or said(order, "financial_status") == "voided"
    placed = moment_in(order, "created_at", "processed_at")
    live = Live(
        id=said(order, "id"),
        updated=updated_mark(moment_in(order, "updated_at"), delivery),
        is_new=placed is not None and delivery.received_at - placed <= NEW_FOR,
        label=connection.kind.label,
        refunds=refunds.by_id,
    )
    lines = parts(order, "line_items")
    found = order_of(
        shop, connection, _fields(order, refunds, is_void), [_line(each, refunds, is_void) for each in lines], live
    )
    sold = [each for each in lines if each.get("gift_card") is True]
    cards = added(_left(each, refunds, is_void) * (_money(each, "price") or Decimal(0)) for each in sold)
    found = with_gift_cards(found, to_minor(cards, shop.currency)) if cards else found
    return with_fulfilments(found, _fulfilments(connection, delivery, order))


def number_of(order: Payload) -> str:
    """The order's number as people see it."""
    return said(order, "name") or (f"#{number}" if (number := said(order, "order_number")) else said(order, "id"))


def refund_from(shop: Shop, refund: Payload) -> RefundOfOrder:
    """Raises: `InvalidInputError`."""
    order, name = said(refund, "order_id"), said(refund, "id")
    if not (order and name):
        raise InvalidInputError("The refund does not say which order it belongs to.")
    return RefundOfOrder(order, name, to_minor(_given_back(refund, shop.currency, None), shop.currency, "The refund"))


def customer_from(connection: Connection, delivery: Delivery, customer: Payload) -> CustomerCandidate:
    """Raises: `InvalidInputError`."""
    consent, address = part(customer, "email_marketing_consent"), part(customer, "default_address")
    changed = moment_in(customer, "updated_at") or delivery.received_at
    joined = moment_in(customer, "created_at")
    fields = {
        "id": said(customer, "id"),
        "email": said(customer, "email"),
        "first_name": said(customer, "first_name"),
        "last_name": said(customer, "last_name"),
        "country": said(address, "country_code", "country"),
        "city": said(address, "city"),
        "company": said(address, "company"),
        "street": said(address, "address1"),
        "street2": said(address, "address2"),
        "postcode": said(address, "zip"),
        "region": said(address, "province_code", "province"),
        "phone": said(customer, "phone") or said(address, "phone"),
        "tags": said(customer, "tags"),
        "consent": _ANSWERS.get(said(consent, "state").lower(), ""),
    }
    live = LiveCustomer(
        updated_mark(changed, delivery),
        joined is not None and delivery.received_at - joined <= NEW_FOR,
        connection.source,
        moment_in(consent, "consent_updated_at") or changed,
    )
    return customer_of(fields, live)


def _fields(order: Payload, refunds: _Refunds, is_void: bool) -> dict[str, str]:
    billing, shipping, customer = (part(order, name) for name in ("billing_address", "shipping_address", "customer"))
    name = number_of(order)
    if not name:
        raise InvalidInputError("The order has no name and no number.")
    person = f"{said(customer, 'first_name')} {said(customer, 'last_name')}".strip()
    duties = _money(order, "current_total_duties", "original_total_duties")
    return {
        "Name": name,
        "Email": said(order, "email", "contact_email") or said(customer, "email"),
        "Customer ID": said(customer, "id"),
        "Financial Status": said(order, "financial_status"),
        "Fulfillment Status": said(order, "fulfillment_status"),
        "Accepts Marketing": _consent(order, customer),
        "Currency": said(order, "currency"),
        "Subtotal": _text(_kept(order, "subtotal_price", refunds.goods, is_void)),
        "Shipping": _text(_shipping(order)),
        "Taxes": _text(_kept(order, "total_tax", refunds.taxes, is_void)),
        "Total": _text(_kept(order, "total_price", refunds.money, is_void)),
        "Discount Code": ", ".join(filter(None, (said(each, "code") for each in parts(order, "discount_codes")))),
        "Discount Amount": _text(_money(order, "total_discounts")),
        "Created at": said(order, "created_at", "processed_at"),
        "Cancelled at": said(order, "cancelled_at"),
        "Refunded Amount": _text(refunds.money),
        "Outstanding Balance": said(order, "total_outstanding"),
        "Duties": _text(added(_duties(order)) if duties is None else duties),
        "Tip": _text(_money(order, "total_tip_received")),
        "Taxes Included": {"true": "yes", "false": "no"}.get(said(order, "taxes_included"), ""),
        "Payment Method": _payment(order),
        **_address("Billing", billing),
        **_address("Shipping", shipping),
        "Billing Name": _person(billing) or person or _person(shipping),
        "Phone": said(order, "phone") or said(customer, "phone"),
        "Notes": said(order, "note"),
        "Tags": said(order, "tags"),
    }


def _address(kind: str, address: Payload) -> dict[str, str]:
    return {
        f"{kind} Company": said(address, "company"),
        f"{kind} Address1": said(address, "address1"),
        f"{kind} Address2": said(address, "address2"),
        f"{kind} City": said(address, "city"),
        f"{kind} Zip": said(address, "zip"),
        f"{kind} Province": said(address, "province_code", "province"),
        f"{kind} Country": said(address, "country_code", "country"),
        f"{kind} Phone": said(address, "phone"),
        f"{kind} Name": _person(address),
    }


def _person(address: Payload) -> str:
    return said(address, "name") or f"{said(address, 'first_name')} {said(address, 'last_name')}".strip()


def _fulfilments(connection: Connection, delivery: Delivery, order: Payload) -> list[Fulfilment]:
    """The parcels that were not called off."""
    return [
        _fulfilment(connection, delivery, each)
        for each in parts(order, "fulfillments")
        if said(each, "status") not in _CALLED_OFF
    ]


def _fulfilment(connection: Connection, delivery: Delivery, parcel: Payload) -> Fulfilment:
    items = tuple(
        PackedItem(said(each, "name", "title")[:300], int(decimal_in(each, "quantity") or 0), said(each, "sku")[:100])
        for each in parts(parcel, "line_items")
    )
    carrier, number, url = (
        repaired_line(said(parcel, name), longest)
        for name, longest in (("tracking_company", 100), ("tracking_number", 100), ("tracking_url", LONGEST_LINK))
    )
    try:
        tracking = clean_tracking(Tracking(carrier, number, url))
    except InvalidInputError:  # a link that is none: what is known besides still helps
        tracking = clean_tracking(Tracking(carrier, number))
    at = moment_in(parcel, "created_at") or delivery.received_at
    name = f"{PARCEL}{said(parcel, 'id')}"
    return Fulfilment(name, items, at, connection.kind.value, tracking.carrier, tracking.number, tracking.url)


def _consent(order: Payload, customer: Payload) -> str:
    """The customer's answer; a box that was left empty at the checkout takes none back."""
    state = said(part(customer, "email_marketing_consent"), "state").lower()
    return _ANSWERS.get(state, "") or ("yes" if order.get("buyer_accepts_marketing") is True else "")


def _payment(order: Payload) -> str:
    names = order.get("payment_gateway_names")
    ways = ", ".join(map(str, names)) if isinstance(names, list) else said(order, "gateway")
    return f"bogus {ways}" if order.get("test") is True else ways


def _kept(order: Payload, name: str, given_back: Decimal, is_void: bool) -> Decimal | None:
    """An amount of the order as it is sold now, before refunds.

    `current_…` is after edits and after what came back; the other is as ordered, and knows of removed items no more
    than their absence from `current_…`. A cancelled order keeps what it was.
    """
    ordered, current = _money(order, name), _money(order, f"current_{name}")
    if ordered is None or current is None or is_void:
        return ordered if ordered is not None else current
    return max(current, min(ordered, current + given_back))


def _shipping(order: Payload) -> Decimal:
    lines = parts(order, "shipping_lines")
    return added(_money(each, "discounted_price", "price") for each in lines)


def _duties(order: Payload) -> Sequence[Decimal | None]:
    return [_shop_money(duty) for line in parts(order, "line_items") for duty in parts(line, "duties")]


def _line(line: Payload, refunds: _Refunds, is_void: bool) -> LineOfOrder:
    title = said(line, "name", "title")
    return LineOfOrder(title, str(_left(line, refunds, is_void)), _text(_money(line, "price")), said(line, "sku"))


def _left(line: Payload, refunds: _Refunds, is_void: bool) -> int:
    """How many are sold: without those that were taken out of the order, with those that came back for money."""
    ordered, current = (decimal_in(line, name) for name in ("quantity", "current_quantity"))
    if ordered is None or current is None or is_void:
        return int(ordered or 0)
    removed = ordered - current - refunds.quantities.get(said(line, "id"), 0)
    return int(ordered - max(removed, Decimal(0)))


class _Refunds:
    """The refunds of an order: by id in minor units, and what they come to, in the order's own decimals."""

    def __init__(self, shop: Shop, order: Payload) -> None:
        self.by_id: dict[str, int] = {}
        self.quantities: dict[str, Decimal] = {}
        self.money = self.goods = self.taxes = Decimal(0)
        currency, rate = said(order, "currency") or shop.currency, _rate(order)
        for refund in parts(order, "refunds"):
            money = _given_back(refund, currency, rate)
            if not money:
                continue
            self.by_id[said(refund, "id")] = to_minor(money, shop.currency, "The refund")
            self.money += money
            for line in parts(refund, "refund_line_items"):
                name = said(line, "line_item_id")
                self.quantities[name] = self.quantities.get(name, Decimal(0)) + (decimal_in(line, "quantity") or 0)
                self.goods += _money(line, "subtotal") or 0
                self.taxes += _money(line, "total_tax") or 0


def _given_back(refund: Payload, currency: str, rate: _Rate | None) -> Decimal:
    """The money of a refund in the shop's currency. `rate` turns what the customer paid in into it."""
    total = Decimal(0)
    for each in parts(refund, "transactions"):
        if said(each, "kind") != "refund" or said(each, "status") not in ("success", ""):
            continue
        own, amount = _shop_money(part(each, "amount_set")), decimal_in(each, "amount") or Decimal(0)
        if own is not None:
            total += abs(own)
        elif said(each, "currency") in (currency, ""):
            total += abs(amount)
        elif rate is not None:
            total += abs(amount * rate[0] / rate[1])
        else:
            return _goods(refund)
    return total


def _goods(refund: Payload) -> Decimal:
    """What the goods of a refund come to, and what was given back besides."""
    lines = [_money(each, name) for each in parts(refund, "refund_line_items") for name in ("subtotal", "total_tax")]
    besides = [_money(each, name) for each in parts(refund, "order_adjustments") for name in ("amount", "tax_amount")]
    return max(added(lines) - added(besides), Decimal(0))


def _rate(order: Payload) -> _Rate | None:
    """What the order comes to in the shop's currency and in the customer's."""
    ours, theirs = (
        _shop_money(part(order, "total_price_set")),
        decimal_in(part(order, "total_price_set", "presentment_money"), "amount"),
    )
    return (ours, theirs) if ours and theirs else None


def _money(payload: Payload, *names: str) -> Decimal | None:
    """The first of these amounts, in the shop's currency."""
    for name in names:
        found = _shop_money(part(payload, f"{name}_set"))
        found = decimal_in(payload, name) if found is None else found
        if found is not None:
            return found
    return None


def _shop_money(amounts: Payload) -> Decimal | None:
    return decimal_in(part(amounts, "shop_money"), "amount")


def _text(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:f}"
