"""The Overview's numbers: a period, what it is compared with, and how revenue and orders ran over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from babel.core import Locale

from backend.domain.orders import OrderStatus, OrderSummary
from backend.domain.time import EARLIEST_YEAR
from backend.domain.totals import Totals
from backend.errors import InvalidInputError
from backend.records.totals import totals_from
from backend.services.context import Shop
from backend.services.orders.lists import OrderFilter, list_orders, walk_orders
from backend.services.statistics.comparison import Against, Before, Period, days_before
from backend.services.statistics.figures import totals_by_day
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Query, pages_of

_DAY = timedelta(days=1)
_DAYS_AROUND_ONE = 14
"""A chart of one day is no chart, so a single day is drawn at the end of two weeks."""


class Granularity(StrEnum):
    """How much time one point of a chart covers. Weeks begin on the day on which the shop's locale begins them."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Bucket:
    """One point of a chart: the totals from `first` to `last`, both included."""

    first: date
    last: date
    totals: Totals


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures of a period. Amounts are in minor units.

    `before`, of the days `compared`, is None where nothing is compared. `buckets` has no gaps; `earlier` has as many,
    each the same days of the period before, or none. `chart_first` is where the buckets begin: earlier than `first`
    for a single day.
    """

    first: date
    last: date
    totals: Totals
    before: Totals | None
    compared: Before | None
    chart_first: date
    buckets: tuple[Bucket, ...]
    earlier: tuple[Bucket, ...]


def today_of(shop: Shop) -> date:
    """The shop's present day."""
    return shop.clock().astimezone(shop.zone).date()


def days_of(period: Period, today: date, first_day: date | None = None) -> tuple[date, date]:
    """The first and last day of a period; none ends after today. `first_day` is where all time begins."""
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    match period:
        case Period.TODAY:
            return today, today
        case Period.LAST_7_DAYS:
            return today - 6 * _DAY, today
        case Period.LAST_30_DAYS:
            return today - 29 * _DAY, today
        case Period.LAST_90_DAYS:
            return today - 89 * _DAY, today
        case Period.THIS_MONTH:
            return month, today
        case Period.LAST_MONTH:
            return (month - _DAY).replace(day=1), month - _DAY
        case Period.THIS_YEAR:
            return year, today
        case Period.LAST_YEAR:
            return (year - _DAY).replace(month=1, day=1), year - _DAY
        case Period.ALL_TIME:
            return min(first_day or today, today), today


def granularities_of(first: date, last: date) -> list[Granularity]:
    """Those that make a readable chart of the range, the best one first."""
    days = (last - first).days + 1
    if days <= 31:
        return [Granularity.DAY]
    if days <= 93:
        return [Granularity.DAY, Granularity.WEEK]
    if days <= 400:
        return [Granularity.WEEK, Granularity.DAY, Granularity.MONTH]
    return [Granularity.MONTH, Granularity.WEEK] if days <= 1500 else [Granularity.MONTH]


def overview_of(
    shop: Shop,
    first: date,
    last: date,
    granularity: Granularity = Granularity.DAY,
    *,
    period: Period | None = None,
    against: Against = Against.BEFORE,
) -> Overview:
    """The figures from `first` to `last`, both included, beside those of the period before; `period` is its name.

    Raises: `InvalidInputError` when the range is upside down.
    """
    if first > last:
        raise InvalidInputError("The first day is after the last day.", "from")
    before = days_before(first, last, period, against)
    chart_first = first if last > first else last - (_DAYS_AROUND_ONE - 1) * _DAY
    earliest = min(chart_first, before.first) if before else chart_first
    days = {day.day: day.totals for day in totals_by_day(shop, earliest, last)}
    buckets = _buckets(chart_first, last, granularity, Locale.parse(shop.locale).first_week_day)
    earlier = [before.part(first, low, high) for low, high in buckets] if before and last > first else []
    return Overview(
        first=first,
        last=last,
        totals=_sum(days, first, last),
        before=_sum(days, before.first, before.last) if before else None,
        compared=before,
        chart_first=chart_first,
        buckets=tuple(Bucket(low, high, _sum(days, low, high)) for low, high in buckets),
        earlier=tuple(Bucket(low, high, _sum(days, low, high)) for low, high in earlier),
    )


def first_day(shop: Shop) -> date | None:
    """The day of the earliest order that the day totals know of; None for a shop without orders."""
    for year in range(EARLIEST_YEAR, today_of(shop).year + 1):
        rows = pages_of(shop.store, Query(schema.SHOP, schema.days_partition(f"{year}"), limit=20))
        for day, totals in readable_rows(shop, rows, lambda row: (schema.day_in(row.key), totals_from(row.item))):
            if totals != Totals():
                return date.fromisoformat(day)
    return None


def recent_orders(shop: Shop, limit: int) -> list[OrderSummary]:
    """The newest orders of the last two years."""
    today = today_of(shop)
    return list_orders(shop, OrderFilter(today - 730 * _DAY, today), limit=limit).orders


def _buckets(first: date, last: date, granularity: Granularity, week_begins: int) -> list[tuple[date, date]]:
    """The range cut at the beginnings of days, weeks or months; the first and last piece may be short."""
    pieces: list[tuple[date, date]] = []
    low = first
    while low <= last:
        high = min(_end_of(low, granularity, week_begins), last)
        pieces.append((low, high))
        low = high + _DAY
    return pieces


def _end_of(day: date, granularity: Granularity, week_begins: int) -> date:
    match granularity:
        case Granularity.DAY:
            return day
        case Granularity.WEEK:
            return day + (6 - (day.weekday() - week_begins) % 7) * _DAY
        case Granularity.MONTH:
            return (day.replace(day=28) + 4 * _DAY).replace(day=1) - _DAY


def _sum(days: dict[date, Totals], first: date, last: date) -> Totals:
    total = Totals()
    for offset in range((last - first).days + 1):
        found = days.get(first + offset * _DAY)
        if found is not None:
            total = total.plus(found)
    return total


_COUNTING = tuple(status for status in OrderStatus if status is not OrderStatus.CANCELLED)
_PAGE = 1000


def count_buyers(shop: Shop, first: date, last: date) -> int:
    """Customers with an order that counts, placed on the shop's days from first to last, both included.

    It reads the list entry of every order in the period, and remembers every customer who has one.

    Raises: `InvalidInputError` when the range is upside down.
    """
    if first > last:
        raise InvalidInputError("The first day is after the last day.", "from")
    wanted = OrderFilter(first, last, _COUNTING)
    return len({schema.customer_id_of(row.key) for row in walk_orders(shop, wanted, first=_PAGE * len(_COUNTING))})
