"""The data that a template sees: plain records of texts, whole numbers, moments and lists, nothing that can act.

| name | what it holds |
|---|---|
| `shop` | name, url, support_url, logo_url, postal_address, address_lines, sender, reply_to, currency, lang, colours |
| `email` | subject, preheader, kind |
| `customer` | id, name, first_name, email, phone, city, country, country_name, address_lines |
| `member` | name, first_name, email, username: whom an email to the team is for |
| `order` | number, placed_at, status, currency, count, lines (title, quantity, unit_price, amount, sku), amounts; \
`bought`: titles and SKUs in lower case, to look for one |
| `order.parcel` | carrier, tracking_number, tracking_url, count, lines, whole; nothing where none was sent |
| `links` | addresses made for this message, such as unsubscribe_url |

`first_name` is what to call somebody. Where no name is known it is empty, and the words around it close up (see
`rendering.gaps`). Amounts are in minor units, moments texts in UTC. Everything else that a template uses was declared
by it as a field.
All of it can be stored as it is, and gives the same email when it is read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any, TypeAlias

from babel.core import Locale

from backend.domain.customers import Customer
from backend.domain.emails import TemplateFacts
from backend.domain.fulfilments import Fulfilment
from backend.domain.names import greeting_of
from backend.domain.orders import Order
from backend.domain.shop import ShopFacts, palette_of
from backend.domain.team import Member
from backend.domain.time import to_text
from backend.email.rendering.filters import Moment
from backend.errors import InvalidInputError

Data: TypeAlias = dict[str, Any]
"""What a template sees. `Any`, because each value has a type of its own and only templates read them."""

RESERVED = frozenset({"shop", "email", "customer", "member", "order", "links", "range", "loop"})


def build_context(
    facts: TemplateFacts,
    shop: ShopFacts,
    *,
    customer: Customer | None = None,
    order: Order | None = None,
    member: Member | None = None,
    links: Mapping[str, str] | None = None,
    fields: Mapping[str, str] | None = None,
    parcel: str | None = None,
) -> Data:
    """The data for one email. What is not given is not there, so that a template that uses it says so.

    `parcel` is the id of the order's parcel that the email is about; None is the last one, "" is none. Its tracking
    stands in the fields `carrier`, `tracking_number` and `tracking_url` that are left empty.

    Raises: `InvalidInputError` for a required field without a value, and for a field that should be a link and is none.
    """
    sent = order and _parcel_of(order, parcel)
    typed = {name: text for name, text in (fields or {}).items() if text}
    data: Data = {"shop": shop_view(shop), "links": dict(links or {})}
    data |= _fields(facts, (tracking_of(sent) if sent else {}) | typed)
    if customer is not None:
        data["customer"] = customer_view(customer, shop.locale)
    if order is not None:
        data["order"] = order_view(order) | {"parcel": parcel_view(order, sent) if sent else None}
    if member is not None:
        data["member"] = {
            "name": member.name,
            "first_name": greeting_of(member.name),
            "email": member.email,
            "username": member.username,
        }
    return data


@lru_cache(maxsize=64)
def _shop_view(shop: ShopFacts) -> Data:
    return {
        "name": shop.name,
        "url": shop.url,
        "support_url": shop.support_url,
        "logo_url": shop.logo_url,
        "postal_address": shop.postal_address,
        "address_lines": [line.strip() for line in shop.postal_address.splitlines() if line.strip()],
        "sender": shop.sender_name or shop.name,
        "reply_to": shop.reply_to,
        "currency": shop.currency,
        "locale": shop.locale,
        "zone": shop.zone,
        "lang": shop.locale.replace("_", "-"),
        "colours": asdict(palette_of(shop.brand)),
    }


def shop_view(shop: ShopFacts) -> Data:
    """The shop for templates. Templates cannot change it, so all emails share one."""
    return _shop_view(shop)


def customer_view(customer: Customer, locale: str) -> Data:
    country = _country_name(customer.country, locale)
    return {
        "id": customer.id,
        "name": customer.real_name,
        "first_name": customer.greeting,
        "email": customer.email or "",
        "phone": customer.phone,
        "city": customer.city,
        "country": customer.country,
        "country_name": country,
        "address_lines": [line for line in (customer.real_name, customer.city, country) if line],
    }


def order_view(order: Order) -> Data:
    """Amounts in minor units. Notes and reasons stay inside: they are written for the team."""
    lines = [
        {
            "title": line.title,
            "quantity": line.quantity,
            "unit_price": line.unit_price,
            "amount": line.amount,
            "sku": line.sku,
        }
        for line in order.lines
    ]
    view: Data = {
        "id": order.id,
        "number": order.number,
        "status": order.status.value,
        "placed_at": Moment(to_text(order.placed_at)),
        "currency": order.currency,
        "lines": lines,
        "bought": "\n".join(f"{line.title}\n{line.sku}".lower() for line in order.lines),
        "count": sum(line.quantity for line in order.lines),
        "subtotal": order.subtotal,
        "discount": max(order.taken_off, 0),
        "rounding": -min(order.taken_off, 0),
        "discount_code": order.discount_code,
        "shipping": order.shipping,
        "tax": order.tax,
        "tax_included": order.tax_included,
        "duties": order.duties,
        "tip": order.tip,
        "other": order.other,
        "total": order.total,
        "paid": order.received,
        "balance": order.balance,
        "refunded": order.refunded,
        "remaining": max(order.total - order.refunded, 0),
    }
    if order.refunds:
        view["refund"] = {"amount": order.refunds[-1].amount, "at": Moment(to_text(order.refunds[-1].at))}
    return view


def tracking_of(parcel: Fulfilment) -> dict[str, str]:
    """The fields by which a template says how a parcel is tracked."""
    return {"carrier": parcel.carrier, "tracking_number": parcel.tracking_number, "tracking_url": parcel.tracking_url}


def parcel_view(order: Order, parcel: Fulfilment) -> Data:
    """A parcel for templates. `whole` says that it holds all of the order."""
    items = [{"title": item.title, "quantity": item.quantity, "sku": item.sku} for item in parcel.items]
    whole = parcel.count >= sum(line.quantity for line in order.lines)
    return {**tracking_of(parcel), "lines": items, "count": parcel.count, "whole": whole}


def _parcel_of(order: Order, parcel: str | None) -> Fulfilment | None:
    if parcel is None:
        return order.fulfilments[-1] if order.fulfilments else None
    return next((each for each in order.fulfilments if each.id == parcel), None)


@lru_cache(maxsize=1024)
def _country_name(code: str, locale: str) -> str:
    return str(Locale.parse(locale).territories.get(code, code)) if code else ""


def _fields(facts: TemplateFacts, given: Mapping[str, str]) -> Data:
    for field in facts.fields:
        value = given.get(field.name, "")
        if field.required and not value:
            raise InvalidInputError(f"{field.label} is missing.", field.name)
        if field.is_url and value and not value.startswith(("https://", "http://")):
            raise InvalidInputError(f"{field.label} has to be a link that begins with https://.", field.name)
    return {field.name: given.get(field.name, "") for field in facts.fields}
