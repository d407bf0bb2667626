"""Between the port's items and the SQL engine's rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from backend.store.documents import decode, encode
from backend.store.limits import encode_cursor
from backend.store.port import EXPIRES, Item, Key, UnreadableItem
from backend.store.schema import TABLES, Index
from backend.store.sql_tables import expiry, index_columns, pk_column, sk_column

_INDEXES_OF = {table.name: table.indexes for table in TABLES}
_COLUMNS_OF = {index.name: (pk_column(index), sk_column(index)) for table in TABLES for index in table.indexes}
_EMPTY_ROWS: dict[str, dict[str, str | int | None]] = {
    table.name: dict.fromkeys([EXPIRES, *(column for index in table.indexes for column in _COLUMNS_OF[index.name])])
    for table in TABLES
}
"""The columns of each table that most items leave empty."""


def row_of(key: Key, item: Item) -> dict[str, str | int | None]:
    """The columns of an item's row by name."""
    table, pk, sk = key
    row = {**_EMPTY_ROWS[table], "pk": pk, "sk": sk, "doc": encode(item)}
    if EXPIRES in item:
        row[EXPIRES] = expiry(item)
    for index in _INDEXES_OF[table]:
        if index.partition in item:
            partition, sort = _COLUMNS_OF[index.name]
            row[partition], row[sort] = index_columns(index, item)
    return row


def by_table(keys: Iterable[Key]) -> dict[str, list[Key]]:
    """The keys, each once, by the table that they are of."""
    tables: defaultdict[str, list[Key]] = defaultdict(list)
    for key in dict.fromkeys(keys):
        tables[key.table].append(key)
    return tables


def item_of(key: Key, doc: str) -> Item:
    """The item of a row; an `UnreadableItem` for a document that no item was ever written as."""
    try:
        item = decode(doc)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return UnreadableItem(key, "it is not JSON", str(doc))
    return item if type(item) is dict else UnreadableItem(key, "it is not a map of attributes", doc)


def projected(index: Index | None, item: Item) -> Item:
    """What a read of the index returns of the item; all of it for a read of the table."""
    if index is None or isinstance(item, UnreadableItem):
        return item
    kept = {index.partition, index.sort, *index.projected}
    return {name: value for name, value in item.items() if name in kept}


def cursor_after(row: Sequence[Any], index: Index | None) -> str:
    """The cursor of the page that begins after this row of a query."""
    at, pk, sk = row[:3]
    return encode_cursor({"pk": pk, "sk": sk, "at": at} if index else {"pk": pk, "sk": sk})
