"""What paged lists share: one ordered stream over the shards of an index, and what the cursor of a page says.

A cursor comes back from outside: anything may be in it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from backend.errors import InvalidInputError, UnreadableItemError
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows
from backend.store.limits import decode_cursor
from backend.store.port import Query, Row, pages_of
from backend.store.schema import INDEXES


def merged(shop: Shop, queries: Sequence[Query], sort_attribute: str) -> Iterator[Row]:
    """Rows of all queries in the order of the sort attribute, each query read page by page.

    All queries must run in the same direction. Reading the first n rows costs a query a shard, and further pages
    only of those shards that the first n rows come from: the size of the partitions does not matter.
    Rows without the attribute are set aside.
    """
    descending = queries[0].descending
    streams = [_sortable(shop, query, sort_attribute) for query in queries]
    return heapq.merge(*streams, key=_sort_key(sort_attribute), reverse=descending)


def page_size(limit: int, shards: int) -> int:
    """How many rows to ask of each shard first: its fair share of the limit, and some for unevenness."""
    return max(limit // shards + 4, 5)


def text_in(cursor: str, name: str) -> str:
    """Raises: `InvalidInputError` when the cursor is not one of a list that writes a text of this name."""
    value = decode_cursor(cursor).get(name)
    if not isinstance(value, str):
        raise _foreign()
    return value


def number_in(cursor: str, name: str) -> int:
    """Raises: `InvalidInputError` when the cursor is not one of a list that writes a number of this name."""
    value = decode_cursor(cursor).get(name)
    if not isinstance(value, int):
        raise _foreign()
    return value


def _sortable(shop: Shop, query: Query, attribute: str) -> Iterator[Row]:
    kind = int if INDEXES[query.table, query.index].number else str

    def checked(row: Row) -> Row:
        return row if type(row.item.get(attribute)) is kind else _unsorted(row, attribute)

    return readable_rows(shop, pages_of(shop.store, query), checked)


def _unsorted(row: Row, attribute: str) -> Row:
    raise UnreadableItemError(row.key, f"{attribute} is missing or of another type")


def _sort_key(attribute: str) -> Callable[[Row], Any]:
    """An index's sort keys are all texts or all integers, so they compare."""
    return lambda row: row.item[attribute]


def _foreign() -> InvalidInputError:
    return InvalidInputError("This page link belongs to another list; start again from the first page.")
