"""Merges sharded index partitions into one ordered stream, reading only as far as somebody asks."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from backend.errors import UnreadableItemError
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows
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


def page_size(limit: int, shards: int) -> int:
    """How many rows to ask of each shard first: its fair share of the limit, and some for unevenness."""
    return max(limit // shards + 4, 5)
