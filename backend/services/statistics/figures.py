"""Figures of the shop by day and period, read from kept counters. Nothing here looks at single orders or customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from backend.domain.time import EARLIEST_YEAR
from backend.domain.totals import Totals
from backend.errors import InvalidInputError
from backend.records.totals import totals_from
from backend.records.values import number
from backend.services.context import Shop
from backend.services.unreadable.items import readable, readable_rows
from backend.store import schema
from backend.store.port import Item, Query, Row, pages_of


@dataclass(frozen=True, slots=True)
class DayTotals:
    """The totals of one of the shop's days."""

    day: date
    totals: Totals


def totals_by_day(shop: Shop, first: date, last: date) -> list[DayTotals]:
    """Days with anything on them, in order; both ends included. Costs one query a year.

    Raises: `InvalidInputError` when the range is upside down.
    """
    if first > last:
        raise InvalidInputError("The first day is after the last day.", "from")
    first, last = max(first, date(EARLIEST_YEAR, 1, 1)), min(last, shop.clock().date() + timedelta(days=3))
    sums: dict[str, Item] = {}
    for year in range(first.year, last.year + 1):
        low = f"{first:%m-%d}" if year == first.year else "01-01"
        high = f"{last:%m-%d}" if year == last.year else "12-31"
        query = Query(schema.SHOP, schema.days_partition(f"{year}"), between=(low, high + "#~"), limit=2000)
        for row in readable_rows(shop, pages_of(shop.store, query), _counted):
            _add_to(sums.setdefault(schema.day_in(row.key), {}), row.item)
    return [DayTotals(date.fromisoformat(day), totals_from(item)) for day, item in sorted(sums.items())]


def _counted(row: Row) -> Row:
    """The row, if it holds counters. Raises: `UnreadableItemError`, `MalformedItemError`."""
    totals_from(row.item)
    return row


def _add_to(sums: Item, item: Item) -> None:
    """Adds the counters of a part of a day. Years have thousands of parts, so no object is made for each."""
    for name, value in item.items():
        before = sums.get(name, 0)
        if isinstance(value, int) and isinstance(before, int):
            sums[name] = before + value


def totals_of(days: list[DayTotals]) -> Totals:
    """The sum of the days."""
    total = Totals()
    for day in days:
        total = total.plus(day.totals)
    return total


def counts_of(shop: Shop, kind: str) -> dict[str, int]:
    """Customers by tag or country (`kind` is "tag" or "country"), largest first; "-" are those without a country."""
    sums: dict[str, int] = {}
    rows = pages_of(shop.store, Query(schema.SHOP, schema.counts_partition(kind), limit=1000))
    for value, count in readable(shop, rows, lambda key, item: (schema.counted_in(key)[1], number(item, "n", 0))):
        sums[value] = sums.get(value, 0) + count
    return dict(sorted(((v, n) for v, n in sums.items() if n > 0), key=lambda pair: (-pair[1], pair[0])))
