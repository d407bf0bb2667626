"""DynamoDB's limits and sizes, kept by every engine, so that what runs on the laptop runs in AWS.

Sizes follow AWS's "DynamoDB item sizes and formats"; the limits are those of "Quotas in Amazon DynamoDB".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

import orjson

from backend.errors import InvalidInputError, ItemTooLargeError
from backend.store.port import MAX_ITEM_BYTES, MAX_PK_BYTES, MAX_SK_BYTES, Item, Key, Query, Value
from backend.store.schema import TABLES

_LARGEST_NUMBER = 10**38 - 1
_INDEX_KEYS = {
    table.name: {index.partition: (False, MAX_PK_BYTES) for index in table.indexes}
    | {index.sort: (index.number, MAX_SK_BYTES) for index in table.indexes}
    for table in TABLES
}
"""For each table the attributes that are keys of an index: whether they are numbers, and the most bytes."""


def check_key(key: Key) -> None:
    """Raises: `InvalidInputError` for an empty key, `ItemTooLargeError` for one beyond 2,048 / 1,024 bytes."""
    _check_key_text(key.pk, MAX_PK_BYTES)
    _check_key_text(key.sk, MAX_SK_BYTES)


def _check_key_text(text: str, most: int) -> None:
    if not text or "\0" in text:
        # DynamoDB has no empty keys, PostgreSQL no NUL in a text.
        raise InvalidInputError("A key of the store must not be empty or contain a NUL character.")
    if _text_bytes(text) > most:
        raise ItemTooLargeError(f"A key of the store is longer than {most:,} bytes.")


def _text_bytes(text: str) -> int:
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise InvalidInputError("A text contains half a character (a lone surrogate).") from error


def item_bytes(key: Key, item: Item) -> int:
    """Size of an item as DynamoDB counts it: names and values in UTF-8, key attributes included."""
    return 4 + _text_bytes(key.pk) + _text_bytes(key.sk) + attributes_bytes(item)


def attributes_bytes(attributes: Mapping[str, Value]) -> int:
    """Size of attributes without the table's keys. They are checked while they are counted.

    Raises: `InvalidInputError` for what `check_value` refuses, and for an attribute without a name.
    """
    if "" in attributes:
        raise InvalidInputError("An attribute has no name.")
    return sum([_text_bytes(name) + check_value(value) for name, value in attributes.items()])


def check_value(value: Value) -> int:
    """The bytes of a value.

    Raises: `InvalidInputError` for floats, other foreign types and numbers beyond 38 digits.
    """
    if isinstance(value, str):
        return _text_bytes(value)
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int):
        if not -_LARGEST_NUMBER <= value <= _LARGEST_NUMBER:
            raise InvalidInputError("A number has more than 38 digits.")
        digits = len(str(abs(value)).rstrip("0"))
        return (digits + 1) // 2 + 1 + (value < 0)
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, list):
        return 3 + sum([1 + check_value(element) for element in value])
    if isinstance(value, dict):
        return 3 + len(value) + attributes_bytes(value)
    raise InvalidInputError(f"The store takes no values of type {type(value).__name__}.")


def check_item(key: Key, item: Item) -> int:
    """The bytes of the item.

    Raises: `InvalidInputError` for values that DynamoDB has no type for, `ItemTooLargeError` beyond 400 KB.
    """
    check_key(key)
    check_index_keys(key.table, item)
    return check_size(key, item)


def check_size(key: Key, item: Item) -> int:
    """The bytes of an item. Raises: `ItemTooLargeError` beyond 400 KB, and as `attributes_bytes` does."""
    size = item_bytes(key, item)
    if size > MAX_ITEM_BYTES:
        raise ItemTooLargeError(f"This is too large to be stored: {size:,} bytes, of {MAX_ITEM_BYTES:,} at most.")
    return size


def check_index_keys(table: str, attributes: Mapping[str, Value]) -> None:
    """Raises: `InvalidInputError` for the table's own keys, and for what cannot be the key of an index."""
    if "pk" in attributes or "sk" in attributes:
        raise InvalidInputError("The key does not belong into the item.")
    for name, (number, most) in _INDEX_KEYS[table].items():
        if name in attributes:
            _check_index_key(name, attributes[name], number, most)


def _check_index_key(name: str, value: Value, number: bool, most: int) -> None:
    if number:
        if not isinstance(value, int) or isinstance(value, bool):
            raise InvalidInputError(f"The attribute {name} is the key of an index, so it must be a number.")
    elif isinstance(value, str):
        _check_key_text(value, most)
    else:
        raise InvalidInputError(f"The attribute {name} is the key of an index, so it must be a text.")


def check_query(query: Query) -> None:
    """Raises: `InvalidInputError` for what DynamoDB would not look up."""
    if query.limit < 1:
        raise InvalidInputError("The limit of a query is at least 1.")
    if query.index and query.consistent:
        raise InvalidInputError("An index cannot be read consistently.")
    _check_key_text(query.partition, MAX_PK_BYTES)


def check_scan(segment: int, segments: int, limit: int) -> None:
    """Raises: `InvalidInputError` for a segment that does not exist, or a page of nothing."""
    if limit < 1:
        raise InvalidInputError("The limit of a scan is at least 1.")
    if not 0 <= segment < segments:
        raise InvalidInputError("The segments of a scan are numbered from zero.")


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


def decode_place(cursor: str, *, indexed: bool = False) -> dict[str, str | int]:
    """A place with `pk` and `sk`, and with `at`, the index's sort key, when it is one of an index.

    Raises: `InvalidInputError` when the cursor is of another kind of list.
    """
    place = decode_cursor(cursor)
    pk, sk = place.get("pk"), place.get("sk")
    if not isinstance(pk, str) or not isinstance(sk, str) or ("at" in place) != indexed:
        raise foreign_cursor()
    _check_key_text(pk, MAX_PK_BYTES)
    _check_key_text(sk, MAX_SK_BYTES)
    if isinstance(place.get("at"), str):
        _check_key_text(str(place["at"]), MAX_SK_BYTES)
    return place


def foreign_cursor() -> InvalidInputError:
    """The error for a cursor that belongs to another list."""
    return InvalidInputError("This page link belongs to another list; start again from the first page.")
