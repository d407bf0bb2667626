"""What became of the demo shop's orders: where they went, parcels, payments, refunds, returns.

Each follows from the order's id alone, so that what one order gets changes no other.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from backend.demo.catalogue import PRODUCTS
from backend.domain.addresses import Address
from backend.domain.customers import Customer
from backend.domain.fulfilments import Fulfilment, PackedItem
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.domain.payments import METHODS, Payment
from backend.domain.refunds import refund_lines
from backend.domain.returns import Return

_STREETS: dict[str, tuple[str, ...]] = {
    "DE": ("Lindenstr. {}", "Am Markt {}", "Gartenweg {}", "Schulstr. {}"),
    "FR": ("{} rue des Tilleuls", "{} place du Marché", "{} rue du Jardin"),
    "ES": ("Calle del Olmo {}", "Plaza Mayor {}", "Calle Jardín {}"),
    "IT": ("Via dei Tigli {}", "Piazza del Mercato {}", "Via Giardino {}"),
}
_ELSEWHERE = ("{} Linden Street", "{} Market Square", "{} Garden Lane", "{} School Road")
_FLATS = ("Apt. 4", "2nd floor", "Unit 12")
_CARRIERS = ("DHL", "UPS", "GLS", "DPD")
_KEPT = timedelta(days=180)
"""Parcels of orders that are older are long forgotten: those orders are fulfilled, and that is all."""
_LINKS = "https://parcels.example/track/{}"


def address_of(customer: Customer) -> Address | None:
    """Where a customer lives; a few never said."""
    rng = _chance(customer.id)
    if rng.random() < 0.04:
        return None
    street = rng.choice(_STREETS.get(customer.country, _ELSEWHERE)).format(rng.randint(1, 140))
    flat = rng.choice(_FLATS) if rng.random() < 0.15 else ""
    postcode = f"{rng.randint(10_000, 98_999)}"
    return Address(customer.real_name, "", street, flat, customer.city, postcode, "", customer.country)


def sent(order: Order, address: Address | None, now: datetime) -> Order:
    """The order with where it went, its parcels, the line items of its refund, and what else happens to few."""
    rng = _chance(order.id)
    bill = replace(address, company="Corner Shop Ltd", street2="") if address and rng.random() < 0.05 else None
    order = _with_refund_lines(replace(order, shipping_address=address, billing_address=bill))
    order = replace(order, fulfilments=_parcels(rng, order, now))
    extras = _chance(f"extras {order.id}")
    order = _with_extras(extras, order) if not order.refunds else order
    order = _partly_paid(extras, order, now)
    return replace(order, returns=_returns(extras, order, now))


def _with_extras(rng: random.Random, order: Order) -> Order:
    """A few customers leave a tip or add a gift card, and now and then somebody tries the checkout out."""
    chance = rng.random()
    if chance < 0.03:
        tip = rng.choice((200, 300, 500))
        return replace(order, tip=tip, total=order.total + tip)
    if chance < 0.04 and not order.fulfilments:
        title, sku, price, _ = PRODUCTS[-1]
        lines, subtotal = (*order.lines, LineItem(title, 1, price, sku)), order.subtotal + price
        return replace(order, lines=lines, subtotal=subtotal, total=order.total + price, gift_cards=price)
    if chance < 0.06 and order.status is OrderStatus.PAID:
        return replace(order, test=True, fulfilments=(), note="A test of the checkout.")
    return order


def _partly_paid(rng: random.Random, order: Order, now: datetime) -> Order:
    if order.status is not OrderStatus.PENDING or rng.random() > 0.3:
        return order
    paid = order.total // 2
    at = min(order.placed_at + timedelta(hours=5), now)
    return replace(order, paid=paid, payments=(Payment("demo1", paid, at, order.source, rng.choice(METHODS)),))


def _returns(rng: random.Random, order: Order, now: datetime) -> tuple[Return, ...]:
    """What was refunded by line has come back; of some orders something is on its way."""
    if order.placed_at < now - _KEPT or order.status is not OrderStatus.FULFILLED:
        return ()
    refunded = [line for refund in order.refunds for line in refund.lines]
    if refunded:
        (refund,) = order.refunds
        items = tuple(PackedItem(line.title, line.quantity, line.sku) for line in refunded)
        begun = max(refund.at - timedelta(days=3), order.placed_at)
        return (
            Return("demo1", items, begun, order.source, refund.reason, refund.at, order.source, refunded[0].restocked),
        )
    if order.refunds or rng.random() > 0.05:
        return ()
    line, at = order.lines[0], min(order.placed_at + timedelta(days=rng.randint(4, 12)), now)
    received = at + timedelta(days=5) if at + timedelta(days=5) < now and rng.random() < 0.6 else None
    by = order.source if received else ""
    item = PackedItem(line.title, 1, line.sku)
    return (Return("demo1", (item,), at, order.source, "Too small", received, by, received is not None),)


def _parcels(rng: random.Random, order: Order, now: datetime) -> tuple[Fulfilment, ...]:
    if order.placed_at < now - _KEPT or order.status not in (OrderStatus.FULFILLED, OrderStatus.PAID):
        return ()
    items = tuple(PackedItem(line.title, line.quantity, line.sku) for line in order.lines)
    several = len(items) > 1
    if order.status is OrderStatus.PAID:
        return (_parcel(rng, order, items[:1], now, 1),) if several and rng.random() < 0.4 else ()
    if several and rng.random() < 0.15:
        return (_parcel(rng, order, items[:1], now, 1), _parcel(rng, order, items[1:], now, 2))
    return (_parcel(rng, order, items, now, 1),)


def _parcel(rng: random.Random, order: Order, items: tuple[PackedItem, ...], now: datetime, number: int) -> Fulfilment:
    at = min(order.placed_at + timedelta(hours=rng.uniform(5, 30) + 24 * number), now)
    tracking = f"{rng.randrange(10**11, 10**12)}"
    return Fulfilment(
        f"demo{number}", items, at, order.source, rng.choice(_CARRIERS), tracking, _LINKS.format(tracking)
    )


def _with_refund_lines(order: Order) -> Order:
    """A refund of a part was for one item of the first line item."""
    if not order.refunds or order.refunded == order.total:
        return order
    (refund,) = order.refunds
    before = replace(order, refunds=())
    lines = refund_lines(before, [1] + [0] * (len(order.lines) - 1), restocked=refund.reason == "Changed their mind")
    amount = lines[0].amount
    return replace(order, refunds=(replace(refund, amount=amount, lines=lines),)) if amount else order


def _chance(text: str) -> random.Random:
    return random.Random(text)  # noqa: S311 - invented data, nothing secret
