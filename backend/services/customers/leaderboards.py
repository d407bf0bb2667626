"""Leaderboards: the customers with most revenue or orders, of all time or of a month, without adding anything up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice

from backend.domain.customers import CustomerSummary
from backend.errors import InvalidInputError
from backend.records.customers import summary_from
from backend.services.context import Shop
from backend.services.listing import merged, page_size
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Query, Row

MOST_TOP = 1000
ALL_TIME = "ALL"
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_LARGEST_RANK = 10**37


class Measure(StrEnum):
    """What a leaderboard ranks by."""

    REVENUE = "revenue"
    ORDERS = "orders"


def top_customers(shop: Shop, by: Measure, month: str = "", limit: int = 25) -> list[CustomerSummary]:
    """The best customers, best first; equal ones by customer id. `month` is such as "2026-11"; "" is all time.

    Revenue is in minor units, net of refunds. Customers of a month show that month's orders and revenue.

    Raises: `InvalidInputError` for another month's form or a limit outside 1 to 1,000.
    """
    if month and not _MONTH.fullmatch(month):
        raise InvalidInputError("A month is written such as 2026-11.", "month")
    if not 1 <= limit <= MOST_TOP:
        raise InvalidInputError(f"Between 1 and {MOST_TOP:,} customers can be listed.", "limit")
    rows = walk_board(shop, by, month or ALL_TIME, first=limit)
    return list(islice(readable_rows(shop, rows, summary_from), limit))


def walk_board(shop: Shop, by: Measure, period: str, *, first: int, below: int = _LARGEST_RANK) -> Iterator[Row]:
    """All rows of a leaderboard with a rank less than `below`, best first. `first` is how many are likely wanted."""
    queries = [
        Query(
            schema.SHOP,
            board,
            index=f"by_{by.value}",
            between=(-_LARGEST_RANK, below - 1),
            descending=True,
            limit=page_size(first, schema.LEADERBOARD_SHARDS),
        )
        for board in schema.boards_of(period)
    ]
    return merged(shop, queries, f"rank_{by.value}")
