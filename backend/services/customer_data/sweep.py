"""What is left of an erased customer outside of their own partitions, found by reading a table whole.

Payloads and answers are kept for days only, so those that name the customer are deleted. Records of what was done
stay, without the name.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator

from backend.domain.erasure import Erasure
from backend.records.changes import names_any, without_values
from backend.records.preflights import broken_from, broken_item
from backend.services.connections.deliveries import part_keys, whole_delivery
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Delete, Exists, Put, Row, UnreadableItem, Update, Value, Write

_OF_MESSAGE = ("to", "name", "data", "detail", "diagnostic", "handled_note")


def left_of(shop: Shop, row: Row, erasure: Erasure) -> Iterator[Write]:
    """The writes after which an item says nothing of the customer."""
    place = schema.place_of_person(row.key)
    if place is not None and place in _WAYS and not isinstance(row.item, UnreadableItem):
        yield from _WAYS[place](shop, row, erasure)


def without_person(row: Row) -> list[Write]:
    """A message that keeps what is counted: its template, status, times and outcomes. Empty when it is so already."""
    gone = [name for name in _OF_MESSAGE if name in row.item]
    return [Update(row.key, remove=gone, condition=Exists())] if gone else []


def _identity(shop: Shop, row: Row, erasure: Erasure) -> Iterator[Write]:
    if row.item.get("customer") == erasure.customer:
        yield Delete(row.key)


def _moved(shop: Shop, row: Row, erasure: Erasure) -> Iterator[Write]:
    """What came from somebody who was merged into the customer."""
    if row.item.get("kept") == erasure.customer:
        yield Delete(row.key)


def _message(shop: Shop, row: Row, erasure: Erasure) -> Iterator[Write]:
    """A test email to a member, which showed the customer's data."""
    if row.item.get("customer") == erasure.customer:
        yield from without_person(row)


def _delivery(shop: Shop, row: Row, erasure: Erasure) -> Iterator[Write]:
    found = whole_delivery(shop, row.key)
    if found is not None and _names(found.body, erasure.values):
        yield Delete(row.key)
        yield from (Delete(part) for part in part_keys(found))


def _payload(shop: Shop, row: Row, erasure: Erasure) -> Iterator[Write]:
    if any(_names(value, erasure.values) for value in row.item.values()):
        yield Delete(row.key)


def _preflight(shop: Shop, row: Row, erasure: Erasure) -> Iterator[Write]:
    listed = broken_from(*row)
    others = [each for each in listed if each.customer_id != erasure.customer]
    if len(others) < len(listed):
        yield Put(row.key, broken_item(others), Exists())


def _change(shop: Shop, row: Row, erasure: Erasure) -> Iterator[Write]:
    if names_any(row, erasure.customer, erasure.values):
        yield without_values(row)


_WAYS = {
    schema.Place.IDENTITY: _identity,
    schema.Place.ADDRESS: _identity,
    schema.Place.MOVED: _moved,
    schema.Place.MESSAGE: _message,
    schema.Place.DELIVERY: _delivery,
    schema.Place.OUTGOING: _payload,
    schema.Place.ANSWER: _payload,
    schema.Place.DEAD_LETTER: _payload,
    schema.Place.PREFLIGHT: _preflight,
    schema.Place.CHANGE: _change,
}


def _names(value: Value, wanted: tuple[str, ...]) -> bool:
    """Whether a text, or bytes that may be compressed, has one of the values in any case."""
    if isinstance(value, bytes):
        with contextlib.suppress(zlib.error):
            value = zlib.decompress(value)
        value = value.decode(errors="replace")
    if not isinstance(value, str):
        return False
    folded = value.casefold()
    return any(each in folded for each in wanted)
