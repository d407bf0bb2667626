"""How items are stored in a SQL database: one table each, the item as JSON, two columns per index, and when
it expires.

Integer sort keys are written as texts of fixed width that sort like the numbers, because no integer type that
SQLite and PostgreSQL share holds 38 digits.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from backend.store.port import EXPIRES, Item, Value
from backend.store.schema import TABLES, Index, Table

_OFFSET = 10**38
_WIDE = 2**63
_WIDE_NAMES = frozenset(index.sort for table in TABLES for index in table.indexes if index.number)
"""Attributes that hold integers beyond 64 bits."""

Text = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Sorts by UTF-8 bytes, as DynamoDB does: SQLite's default, and PostgreSQL's collation "C"."""


def build_tables(prefix: str, metadata: sa.MetaData) -> dict[str, sa.Table]:
    """SQLAlchemy tables by the name that keys carry; `prefix` is put before the name in the database."""
    return {table.name: _build(prefix, table, metadata) for table in TABLES}


def _build(prefix: str, table: Table, metadata: sa.MetaData) -> sa.Table:
    columns: list[Any] = [
        sa.Column("pk", Text, primary_key=True),
        sa.Column("sk", Text, primary_key=True),
        sa.Column("doc", sa.Text, nullable=False),
    ]
    expires = sa.Column(EXPIRES, sa.BigInteger)
    columns += [expires, _index(f"ix_{prefix}{table.name}_{EXPIRES}", expires)]
    for index in table.indexes:
        partition, sort = sa.Column(pk_column(index), Text), sa.Column(sk_column(index), Text)
        columns += [partition, sort, _index(f"ix_{prefix}{table.name}_{index.name}", partition, sort)]
    return sa.Table(f"{prefix}{table.name}", metadata, *columns, sqlite_with_rowid=False)


def _index(name: str, first: sa.Column[Any], *more: sa.Column[Any]) -> sa.Index:
    """An index of the rows that have the first column, with the table's key behind its own columns."""
    present = first.isnot(None)
    return sa.Index(name, first, *more, "pk", "sk", sqlite_where=present, postgresql_where=present)


def expiry(item: Item) -> int | None:
    """The value of the column `expires`; None for an item that stays (also when its `expires` is no moment)."""
    moment = item.get(EXPIRES)
    return moment if type(moment) is int and 0 <= moment < _WIDE else None


def pk_column(index: Index) -> str:
    return f"{index.name}_pk"


def sk_column(index: Index) -> str:
    return f"{index.name}_sk"


def index_columns(index: Index, item: Item) -> tuple[str | None, str | None]:
    """Values of an index's two columns; both None when the item is not in the index.

    An index key of the wrong type keeps the item out of the index (DynamoDB would refuse the write).
    """
    partition, sort = item.get(index.partition), item.get(index.sort)
    if not isinstance(partition, str):
        return None, None
    if isinstance(sort, str) or type(sort) is int:
        return partition, sort_text(sort)
    return None, None


def sort_text(sort: str | int) -> str:
    """A sort key as the text that is stored."""
    return sort if isinstance(sort, str) else str(sort + _OFFSET).zfill(39)


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
