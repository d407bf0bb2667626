"""An item as JSON text: what SQL engines store, and what a backup holds on every engine."""

from __future__ import annotations

import base64
import json

import orjson

from backend.store.port import Item, Value
from backend.store.schema import TABLES

_WIDE = 2**63
_WIDE_NAMES = frozenset(index.sort for table in TABLES for index in table.indexes if index.number)
"""Attributes that hold integers beyond 64 bits."""


def encode(item: Item) -> str:
    """The item as JSON. A leading space marks what needs the standard library to be read: integers beyond 64 bits,
    which faster parsers turn into floats; and nested bytes and names that look like wrapped bytes, which are wrapped.
    A leading tab marks the common case that a few attributes are bytes, which a faster parser can read."""
    if not _WIDE_NAMES.isdisjoint(item):
        return _encode_special(item)
    try:
        doc = orjson.dumps(item).decode()
    except TypeError:
        return _encode_special(item)
    return " " + _encode_wrapped(item) if '{"$' in doc else doc


def _encode_special(item: Item) -> str:
    """Bytes and integers beyond 64 bits are mostly top-level attributes, as messages' data and ranks do."""
    special: dict[str, object] = dict(item)
    in_bytes = wide = 0
    for name, value in item.items():
        if type(value) is bytes:
            special[name] = _wrap(value)
            in_bytes += 1
        elif type(value) is int and not -_WIDE < value < _WIDE:
            special[name] = orjson.Fragment(str(value))
            wide += 1
    try:
        doc = orjson.dumps(special).decode()
    except TypeError:
        return " " + _encode_wrapped(item)
    if doc.count('"$' if wide else '{"$') != in_bytes:
        return " " + _encode_wrapped(item)
    return (" " if wide else "\t") + doc


def _encode_wrapped(item: Item) -> str:
    return json.dumps(_wrap(item), ensure_ascii=False, separators=(",", ":"))


def decode(doc: str) -> Item:
    """The item that `encode` wrote."""
    if doc.startswith(" "):
        wide: Item = json.loads(doc)
        if '"$' not in doc:
            return wide
        return {name.removeprefix("$"): _unwrap(value) for name, value in wide.items()}
    item: Item = orjson.loads(doc)
    if doc.startswith("\t"):
        for name, value in item.items():
            if type(value) is dict and "$bytes" in value:
                item[name] = _unwrap(value)
    return item


def canonical(item: Item) -> str:
    """As `encode`, and the same text on every engine: names in alphabetical order. `decode` reads it."""
    try:
        doc = orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        doc = ""
    if doc and '{"$' not in doc:
        return doc
    return " " + json.dumps(_wrap(item), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _wrap(value: Value) -> Value:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [_wrap(element) for element in value]
    if isinstance(value, dict):
        return {("$" + name if name.startswith("$") else name): _wrap(element) for name, element in value.items()}
    return value


def _unwrap(value: Value) -> Value:
    if isinstance(value, list):
        return [_unwrap(element) for element in value]
    if not isinstance(value, dict):
        return value
    wrapped = value.get("$bytes")
    if isinstance(wrapped, str) and len(value) == 1:
        return base64.b64decode(wrapped)
    return {name.removeprefix("$"): _unwrap(element) for name, element in value.items()}
