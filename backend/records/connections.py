"""Connections, deliveries of webhooks and requests about personal data as items.

A body is kept compressed until it is applied. One that is too large for an item goes on in further ones.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.connections import (
    Connection,
    ConnectionFigures,
    Delivery,
    DeliveryState,
    OrderComparison,
    PrivacyRequest,
    Secret,
)
from backend.domain.time import to_text
from backend.records.conversion import key_given, reads
from backend.records.declared import As, Record, row, rows
from backend.store import schema
from backend.store.port import EXPIRES, Item, Key

PART_BYTES = 300 * 1024
"""Of a compressed body in one item, which may have 400 KB."""
MOST_PARTS = 12
"""A transaction holds 4 MB."""
DONE_KEPT = timedelta(days=30)
"""How long the id of a delivery is known, so that it counts once."""
FAILED_KEPT = timedelta(days=90)

_CONNECTION = Record(Connection, given=("id",), blank=("domain",), secrets=rows(Secret), token=row(Secret))
_FIGURES = Record(
    ConnectionFigures, sparse=("received", "applied", "unchanged", "ignored", "noted", "failed", "refused", "lag")
)
_COMPARISON = Record(OrderComparison, sparse=("seen", "missed", "behind"))
_DELIVERY = Record(Delivery, given=("connection",), sparse=("tries", "parts"), body=As())
_PRIVACY = Record(PrivacyRequest, given=("id",), blank=("customer",), sparse=("orders",))

connection_item = _CONNECTION.item


@reads(key_given)
def connection_from(key: Key, item: Item) -> Connection:
    return _CONNECTION.read(item, id=key.sk)


connection_figures_item = _FIGURES.item


@reads(key_given)
def connection_figures_from(key: Key, item: Item) -> ConnectionFigures:
    return _FIGURES.read(item)


comparison_item = _COMPARISON.item


@reads(key_given)
def comparison_from(key: Key, item: Item) -> OrderComparison:
    return _COMPARISON.read(item)


def delivery_items(delivery: Delivery, due: datetime) -> list[tuple[Key, Item]]:
    """The item of a new delivery, and those of the rest of its body; more than `MOST_PARTS` cannot be stored."""
    packed = zlib.compress(delivery.body, 6)
    parts = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)] or [b""]
    first = replace(delivery, body=parts[0], parts=len(parts) - 1)
    key = schema.delivery_key(delivery.connection, delivery.id)
    expires = int((delivery.received_at + FAILED_KEPT).timestamp())
    item = _DELIVERY.item(first, **waiting_attributes(delivery.id, due), **{EXPIRES: expires})
    more: list[tuple[Key, Item]] = [
        (schema.delivery_key(delivery.connection, delivery.id, number), {"body": part, EXPIRES: expires})
        for number, part in enumerate(parts[1:], 1)
    ]
    return [(key, item), *more]


def waiting_attributes(delivery_id: str, due: datetime) -> Item:
    """By which workers find a delivery."""
    return {"work": schema.delivery_line(delivery_id), "work_at": schema.delivery_at(to_text(due), delivery_id)}


def failed_attributes(connection_id: str, delivery_id: str, at: datetime) -> Item:
    """By which people find a delivery that could not be applied."""
    return {
        "work": schema.failed_deliveries_line(connection_id),
        "work_at": schema.delivery_at(to_text(at), delivery_id),
    }


@reads(key_given)
def delivery_from(key: Key, item: Item, more: Sequence[bytes] = ()) -> Delivery:
    """The delivery with its body. `more` are the further parts of the body, which is empty without them."""
    found = _DELIVERY.read(item, connection=schema.connection_of(key))
    if found.parts != len(more) or not found.body:
        return replace(found, body=b"")
    return replace(found, body=zlib.decompress(found.body + b"".join(more)))


def is_done(state: DeliveryState) -> bool:
    """Whether the body is of no more use."""
    return state not in (DeliveryState.WAITING, DeliveryState.FAILED)


privacy_item = _PRIVACY.item


@reads(key_given)
def privacy_from(key: Key, item: Item) -> PrivacyRequest:
    return _PRIVACY.read(item, id=key.sk)
