"""DynamoDB's limits and sizes, kept by every engine, so that what runs on the laptop runs in AWS.

Sizes follow AWS's "DynamoDB item sizes and formats"; the limits are those of "Quotas in Amazon DynamoDB".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import orjson

from backend.errors import InvalidInputError, ItemTooLargeError
from backend.store.port import MAX_ITEM_BYTES, MAX_PK_BYTES, MAX_SK_BYTES, Item, Key, Value

_LARGEST_NUMBER = 10**38 - 1


def check_key(key: Key) -> None:
    """Raises: `InvalidInputError` for an empty key, `ItemTooLargeError` for one beyond 2,048 / 1,024 bytes."""
    if not key.pk or not key.sk:
        raise InvalidInputError("A key of the store must not be empty.")
    if len(key.pk) * 4 > MAX_PK_BYTES and len(key.pk.encode()) > MAX_PK_BYTES:
        raise ItemTooLargeError("A partition key is longer than 2,048 bytes.")
    if len(key.sk) * 4 > MAX_SK_BYTES and len(key.sk.encode()) > MAX_SK_BYTES:
        raise ItemTooLargeError("A sort key is longer than 1,024 bytes.")


def item_bytes(key: Key, item: Item) -> int:
    """Size of an item as DynamoDB counts it: names and values in UTF-8, key attributes included."""
    return 4 + len(key.pk.encode()) + len(key.sk.encode()) + attributes_bytes(item)


def attributes_bytes(item: Mapping[str, Value]) -> int:
    """Size of attributes without the table's keys."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Value) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bool) or value is None:
        return 1
    if isinstance(value, int):
        digits = len(str(abs(value)).rstrip("0"))
        return (digits + 1) // 2 + 1 + (value < 0)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, list):
        return 3 + sum(1 + _value_bytes(element) for element in value)
    return 3 + sum(1 + len(name.encode()) + _value_bytes(element) for name, element in value.items())


def check_item(key: Key, item: Item) -> int:
    """Size of the item in bytes.

    Raises: `InvalidInputError` for values that DynamoDB has no type for, `ItemTooLargeError` beyond 400 KB.
    """
    check_key(key)
    for name, value in item.items():
        if name in ("pk", "sk"):
            raise InvalidInputError("The key does not belong into the item.")
        check_value(value)
    size = item_bytes(key, item)
    if size > MAX_ITEM_BYTES:
        raise ItemTooLargeError(f"This is too large to be stored: {size:,} bytes, of {MAX_ITEM_BYTES:,} at most.")
    return size


def check_value(value: Value) -> None:
    """Raises: `InvalidInputError` for floats, other foreign types and numbers beyond 38 digits."""
    if value is None or isinstance(value, (str, bool, bytes)):
        return
    if isinstance(value, int):
        if abs(value) > _LARGEST_NUMBER:
            raise InvalidInputError("A number has more than 38 digits.")
    elif isinstance(value, list):
        for element in value:
            check_value(element)
    elif isinstance(value, dict):
        for element in value.values():
            check_value(element)
    else:
        raise InvalidInputError(f"The store takes no values of type {type(value).__name__}.")


def encode_cursor(place: Mapping[str, str | int]) -> str:
    """An opaque, URL-safe text for a place in a partition. Integers may have 38 digits."""
    text = {name: value if isinstance(value, str) else [str(value)] for name, value in place.items()}
    return base64.urlsafe_b64encode(orjson.dumps(text)).decode()


def decode_cursor(cursor: str) -> dict[str, str | int]:
    """The place that `encode_cursor` wrote down.

    Raises: `InvalidInputError` when the text was not made by it.
    """
    try:
        place = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        return {str(name): value if isinstance(value, str) else int(value[0]) for name, value in place.items()}
    except (binascii.Error, ValueError, TypeError, AttributeError, LookupError) as error:
        raise InvalidInputError("This page link is not valid any more; start again from the first page.") from error
