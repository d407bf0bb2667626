"""WooCommerce's payloads: orders and customers (WooCommerce REST API v3). Line items are without tax."""

from __future__ import annotations

from decimal import Decimal

from backend.domain.connections import NEW_FOR, Connection, Delivery
from backend.domain.money import decimals_of, to_minor
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
)
from backend.services.context import Shop
from backend.services.imports.customer_plan import CustomerCandidate, LiveCustomer
from backend.services.imports.order_file import Live, OrderCandidate
from backend.services.imports.order_form import LineOfOrder
from backend.services.imports.order_sources import NO_ORDER, WOOCOMMERCE_STATUSES

NO_ORDERS = frozenset(word for word, status in WOOCOMMERCE_STATUSES.items() if status == NO_ORDER)
"""Statuses of what is no order yet, or no order any more."""


def order_from(shop: Shop, connection: Connection, delivery: Delivery, order: Payload) -> OrderCandidate:
    """Raises: `InvalidInputError`."""
    placed = moment_in(order, "date_created_gmt")
    refunds = {
        said(each, "id"): to_minor(abs(decimal_in(each, "total", "amount") or Decimal(0)), shop.currency, "The refund")
        for each in parts(order, "refunds")
    }
    live = Live(
        id=said(order, "id"),
        updated=updated_mark(moment_in(order, "date_modified_gmt"), delivery),
        is_new=placed is not None and delivery.received_at - placed <= NEW_FOR,
        label=connection.kind.label,
        refunds=refunds,
    )
    smallest = Decimal(1).scaleb(-decimals_of(shop.currency))
    lines = [_line(each, smallest) for each in parts(order, "line_items")]
    lines += [_fee(each) for each in parts(order, "fee_lines")]
    return order_of(shop, connection, _fields(connection, order), lines, live)


def number_of(order: Payload) -> str:
    """The order's number as people see it."""
    return said(order, "number", "id")


def customer_from(connection: Connection, delivery: Delivery, customer: Payload) -> CustomerCandidate:
    """Raises: `InvalidInputError`."""
    billing = part(customer, "billing")
    changed = moment_in(customer, "date_modified_gmt", "date_created_gmt") or delivery.received_at
    joined = moment_in(customer, "date_created_gmt")
    fields = {
        "id": _customer_id(connection, said(customer, "id")),
        "email": said(customer, "email") or said(billing, "email"),
        "first_name": said(customer, "first_name") or said(billing, "first_name"),
        "last_name": said(customer, "last_name") or said(billing, "last_name"),
        "country": said(billing, "country"),
        "city": said(billing, "city"),
        "company": said(billing, "company"),
        "street": said(billing, "address_1"),
        "street2": said(billing, "address_2"),
        "postcode": said(billing, "postcode"),
        "region": said(billing, "state"),
        "phone": said(billing, "phone"),
    }
    is_new = joined is not None and delivery.received_at - joined <= NEW_FOR
    return customer_of(fields, LiveCustomer(updated_mark(changed, delivery), is_new, connection.source, changed))


def _fields(connection: Connection, order: Payload) -> dict[str, str]:
    billing, shipping = part(order, "billing"), part(order, "shipping")
    status = said(order, "status")
    financial, fulfilment = WOOCOMMERCE_STATUSES.get(
        status, ("paid" if said(order, "date_paid_gmt") else "pending", "")
    )
    number = number_of(order)
    if not number:
        raise InvalidInputError("The order has no number.")
    refunded = added(abs(decimal_in(each, "total", "amount") or Decimal(0)) for each in parts(order, "refunds"))
    created = moment_in(order, "date_created_gmt")
    sold = [decimal_in(each, "total") for name in ("line_items", "fee_lines") for each in parts(order, name)]
    return {
        "Name": number,
        "Email": said(billing, "email"),
        "Customer ID": _customer_id(connection, said(order, "customer_id")),
        "Financial Status": financial,
        "Fulfillment Status": fulfilment,
        "Currency": said(order, "currency"),
        "Subtotal": f"{added(sold):f}",
        "Shipping": said(order, "shipping_total"),
        "Taxes": said(order, "total_tax"),
        "Total": said(order, "total"),
        "Discount Code": ", ".join(filter(None, (said(each, "code") for each in parts(order, "coupon_lines")))),
        "Discount Amount": said(order, "discount_total"),
        "Created at": created.isoformat() if created else said(order, "date_created"),
        "Refunded Amount": f"{refunded:f}",
        "Taxes Included": "no",
        "Payment Method": said(order, "payment_method", "payment_method_title"),
        **_address("Billing", billing),
        **_address("Shipping", shipping),
        "Billing Name": _name(billing) or _name(shipping),
        "Notes": said(order, "customer_note"),
    }


def _address(kind: str, address: Payload) -> dict[str, str]:
    return {
        f"{kind} Name": _name(address),
        f"{kind} Company": said(address, "company"),
        f"{kind} Address1": said(address, "address_1"),
        f"{kind} Address2": said(address, "address_2"),
        f"{kind} City": said(address, "city"),
        f"{kind} Zip": said(address, "postcode"),
        f"{kind} Province": said(address, "state"),
        f"{kind} Country": said(address, "country"),
        f"{kind} Phone": said(address, "phone"),
    }


def _customer_id(connection: Connection, number: str) -> str:
    """Ids count from one in every shop, so they carry the shop's name; a guest has 0."""
    return f"{connection.source}-{number}" if number.strip("0") else ""


def _name(address: Payload) -> str:
    return f"{said(address, 'first_name')} {said(address, 'last_name')}".strip() or said(address, "company")


def _line(line: Payload, smallest: Decimal) -> LineOfOrder:
    """The price before discounts, which is not the product's own where tax is part of that."""
    quantity = decimal_in(line, "quantity") or Decimal(0)
    before = decimal_in(line, "subtotal", "total") or Decimal(0)
    price = before / quantity if quantity else before
    return LineOfOrder(said(line, "name"), f"{quantity:f}", f"{price.quantize(smallest):f}", said(line, "sku"))


def _fee(line: Payload) -> LineOfOrder:
    return LineOfOrder(said(line, "name") or "Fee", "1", said(line, "total"))
