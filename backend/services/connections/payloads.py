"""What the payloads of all shops share: reading JSON with care, and making orders of it by the rules of imports.

An order is laid out as the rows of an order export, so that a shop's orders mean the same by file and by webhook:
repairs, tips, gift cards, duties, test orders, taxes and customers' identities are the import's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from backend.domain.connections import Connection, Delivery
from backend.domain.fulfilments import MOST_FULFILMENTS, Fulfilment
from backend.domain.imports import Fault
from backend.domain.orders import MOST_LINES
from backend.domain.phones import region_of
from backend.domain.time import to_text
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports.amounts import Amounts
from backend.services.imports.csv_rows import Line
from backend.services.imports.customer_plan import CustomerCandidate, LiveCustomer
from backend.services.imports.customer_table import CustomerReader
from backend.services.imports.customer_titles import CUSTOMER_FIELDS
from backend.services.imports.dates import DateOrder, Moments
from backend.services.imports.order_file import Live, OrderCandidate
from backend.services.imports.order_form import PLACES, LineOfOrder, form_rows
from backend.services.imports.order_rows import RawOrder
from backend.services.imports.shopify import OrderReader
from backend.services.imports.steps import print_of

Payload = Mapping[str, Any]
_CUSTOMER_PLACES = {field: place for place, field in enumerate(CUSTOMER_FIELDS)}


def payload_of(body: bytes) -> Payload:
    """Raises: `InvalidInputError` when the body is no JSON object."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInputError("The payload is not JSON; perhaps it was cut off.") from error
    if not isinstance(found, dict):
        raise InvalidInputError("The payload is not a JSON object.")
    return found


def part(payload: Payload, *path: str) -> Payload:
    """An object inside of the payload; an empty one where there is none, or null."""
    for name in path:
        found = payload.get(name)
        payload = found if isinstance(found, dict) else {}
    return payload


def parts(payload: Payload, name: str) -> list[Payload]:
    """The objects of a list; none where there is no list, or null."""
    found = payload.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def said(payload: Payload, *names: str) -> str:
    """The first of the values that is there, as text."""
    for name in names:
        value = payload.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float | Decimal) and str(value).strip():
            return str(value).strip()
    return ""


def decimal_in(payload: Payload, *names: str) -> Decimal | None:
    """The first of the amounts that is there."""
    try:
        found = Decimal(said(payload, *names))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def added(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def moment_in(payload: Payload, *names: str) -> datetime | None:
    """A moment such as 2026-11-26T10:00:00-05:00; one without an offset is UTC."""
    try:
        found = datetime.fromisoformat(said(payload, *names))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def updated_mark(changed: datetime | None, delivery: Delivery) -> str:
    """By which versions of an order are sorted: when it was changed, to a second, then when that was reported."""
    return f"{to_text(changed or delivery.received_at)}#{delivery.triggered_at}"


def order_of(
    shop: Shop, connection: Connection, fields: Mapping[str, str], lines: Sequence[LineOfOrder], live: Live
) -> OrderCandidate:
    """The order. `fields` are by the titles of Shopify's export.

    Raises: `InvalidInputError` that says why it cannot be taken over.
    """
    if len(lines) > MOST_LINES:
        raise InvalidInputError(f"The order has {len(lines):,} line items; {MOST_LINES} are possible.")
    if not fields["Total"]:
        raise InvalidInputError("The payload of the order has no total.")
    now = shop.clock()
    amounts, moments = Amounts(shop.currency, decimal_comma=False), Moments(shop.zone, now, DateOrder.UNKNOWN)
    reader = OrderReader(PLACES, amounts, moments, shop.currency, region_of(shop.zone, shop.locale))
    read = reader.read(RawOrder(fields["Name"], 0, [*form_rows(fields, lines)]))
    if isinstance(read, Fault):
        raise InvalidInputError(f"{read.column}: {read.reason}" if read.column else read.reason)
    return OrderCandidate(0, read, reader.repairs, source=connection.source, live=live)


def with_fulfilments(candidate: OrderCandidate, fulfilments: Sequence[Fulfilment]) -> OrderCandidate:
    """The order with its parcels, as many as an order may have."""
    order = replace(candidate.order, fulfilments=tuple(fulfilments[:MOST_FULFILMENTS]))
    return OrderCandidate(0, order, candidate.repairs, source=candidate.source, live=candidate.live)


def with_gift_cards(candidate: OrderCandidate, sold: int) -> OrderCandidate:
    """The order, in which so much (in minor units) are gift cards: the source knows it, whatever they are called."""
    order = replace(candidate.order, gift_cards=min(max(sold, candidate.order.gift_cards), candidate.order.total))
    return OrderCandidate(0, order, candidate.repairs, source=candidate.source, live=candidate.live)


def customer_of(fields: Mapping[str, str], live: LiveCustomer) -> CustomerCandidate:
    """The customer. `fields` are those of `CUSTOMER_FIELDS`.

    Raises: `InvalidInputError`.
    """
    reader = CustomerReader(tuple(CUSTOMER_FIELDS.values()), _CUSTOMER_PLACES)
    read = reader.read(Line(0, [fields.get(field, "") for field in CUSTOMER_FIELDS]))
    if isinstance(read, Fault):
        raise InvalidInputError(read.reason)
    return CustomerCandidate(0, read, print_of(read), reader.repairs, live)
