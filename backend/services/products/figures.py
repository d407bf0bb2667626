"""What was sold of products: the best ones of any period, and the months of one product. Nothing is added up by order.

All time and single months are leaderboards that the database keeps sorted, as for customers. Other periods add up the
figures of their months, and of the days at their ends: one small item for each product and month.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import islice

from backend.domain.products import Product, Sold
from backend.domain.time import months_between
from backend.errors import InvalidInputError
from backend.records.products import sold_from, sold_on
from backend.services.context import Shop
from backend.services.customers.leaderboards import MOST_TOP, Measure, walk_board
from backend.services.products.counting import ALL_TIME
from backend.services.products.identity import products_of
from backend.services.statistics.overview import today_of
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Item, Key, Query, pages_of

MOST_MONTHS = 36
"""How far the months of a product go back."""


class ProductMeasure(StrEnum):
    """What products are ranked by."""

    REVENUE = "revenue"
    UNITS = "units"


_BOARDS = {ProductMeasure.REVENUE: Measure.REVENUE, ProductMeasure.UNITS: Measure.ORDERS}


@dataclass(frozen=True, slots=True)
class Days:
    """A period of the shop's days, both included; None on a side means that it is open there."""

    first: date | None = None
    last: date | None = None

    @property
    def month(self) -> str:
        """The month ("2026-11") that the period is, or ""."""
        if self.first is None or self.last is None or self.first.day != 1:
            return ""
        whole = _month_of(self.first) == _month_of(self.last) and _ends_month(self.last)
        return _month_of(self.first) if whole else ""


@dataclass(frozen=True, slots=True)
class ProductSales:
    """A product, and what was sold of it in a period. Revenue is in minor units, net of discounts and refunds."""

    product: Product
    sold: Sold


@dataclass(frozen=True, slots=True)
class ProductMonth:
    """What was sold of a product in one of the shop's months ("2026-11")."""

    month: str
    sold: Sold


def best_products(
    shop: Shop, by: ProductMeasure = ProductMeasure.REVENUE, period: Days | None = None, limit: int = 25
) -> list[ProductSales]:
    """The products of which most was sold in a period (None: all time), best first; equal ones by id.

    Raises: `InvalidInputError` for a limit outside 1 to 1,000, or a period that ends before it begins.
    """
    if not 1 <= limit <= MOST_TOP:
        raise InvalidInputError(f"Between 1 and {MOST_TOP:,} products can be listed.", "limit")
    period = period or Days()
    _check(period)
    if period == Days() or period.month:
        rows = walk_board(shop, _BOARDS[by], schema.sold_partition(period.month or ALL_TIME), first=limit)
        best = [*islice(readable(shop, rows, _sold_of), limit)]
    else:
        best = sorted(sold_in_period(shop, period).items(), key=lambda each: (-_figure(each[1], by), each[0]))[:limit]
    known = products_of(shop, (product for product, _ in best))
    return [ProductSales(known[product], sold) for product, sold in best if product in known]


def sold_in_period(shop: Shop, period: Days | None = None) -> dict[str, Sold]:
    """What was sold of each product in a period, by the product's id; those without any are left out.

    Raises: `InvalidInputError` for a period that ends before it begins.
    """
    period = period or Days()
    _check(period)
    sums: defaultdict[str, Sold] = defaultdict(Sold)
    for part, days in _parts(shop, period):
        for product, sold in _sold_in_part(shop, part, days):
            sums[product] = sums[product].plus(sold)
    return {product: sold for product, sold in sums.items() if sold.units > 0}


def months_of_product(shop: Shop, product_id: str) -> list[ProductMonth]:
    """The months from the first sale to now, oldest first and without gaps, the last 36 at most."""
    found = _month_items(shop, product_id)
    sold = {month: sold_from(key, item) for month, (key, item) in found.items()}
    months = [month for month in sorted(sold) if sold[month].units]
    if not months:
        return []
    every = months_between(date.fromisoformat(f"{months[0]}-01"), today_of(shop))
    return [ProductMonth(month, sold.get(month, Sold())) for month in every]


def last_sold(shop: Shop, product_id: str) -> date | None:
    """The last day on which the product was sold, in orders that count; None when that is 36 months ago or never."""
    for month, (key, item) in sorted(_month_items(shop, product_id).items(), reverse=True):
        days = [day for day in _days_of(month) if sold_on(key, item, f"{day.day:02}").units > 0]
        if days:
            return days[-1]
    return None


def sold_in_all(shop: Shop, product_ids: list[str]) -> Mapping[str, Sold]:
    """What was sold of these products in all time."""
    found = shop.store.get_many([schema.sold_key(ALL_TIME, each) for each in product_ids])
    return dict(readable(shop, found.items(), _sold_of))


def _month_items(shop: Shop, product_id: str) -> dict[str, tuple[Key, Item]]:
    today = today_of(shop)
    begin = date(today.year - MOST_MONTHS // 12, today.month, 1)
    keys = [schema.sold_key(month, product_id) for month in months_between(begin, today)]
    return {schema.sold_period(key): (key, item) for key, item in shop.store.get_many(keys).items()}


def _parts(shop: Shop, period: Days) -> Iterator[tuple[str, list[date]]]:
    """The months of a period, with the days that count where it is not all of them; or all time."""
    if period == Days():
        yield ALL_TIME, []
        return
    today = today_of(shop)
    first, last = period.first or date(today.year - 20, 1, 1), period.last or today
    for month in months_between(first, last):
        days = _days_of(month)
        inside = [day for day in days if first <= day <= last]
        yield month, [] if inside == days else inside


def _sold_in_part(shop: Shop, part: str, days: list[date]) -> Iterator[tuple[str, Sold]]:
    if not days:
        rows = walk_board(shop, Measure.REVENUE, schema.sold_partition(part), first=MOST_TOP)
        yield from readable(shop, rows, _sold_of)
        return
    names = [f"{day.day:02}" for day in days]

    def sold_of(key: Key, item: Item) -> tuple[str, Sold]:
        found = [sold_on(key, item, name) for name in names]
        return key.sk, Sold(sum(each.units for each in found), sum(each.revenue for each in found))

    rows = pages_of(shop.store, Query(schema.SHOP, schema.sold_partition(part), limit=MOST_TOP))
    yield from readable(shop, rows, sold_of)


def _sold_of(key: Key, item: Item) -> tuple[str, Sold]:
    return key.sk, sold_from(key, item)


def _figure(sold: Sold, by: ProductMeasure) -> int:
    return sold.revenue if by is ProductMeasure.REVENUE else sold.units


def _days_of(month: str) -> list[date]:
    year, number = int(month[:4]), int(month[5:])
    return [date(year, number, day + 1) for day in range(calendar.monthrange(year, number)[1])]


def _month_of(day: date) -> str:
    return day.isoformat()[:7]


def _ends_month(day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1]


def _check(period: Days) -> None:
    if period.first and period.last and period.last < period.first:
        raise InvalidInputError("The period ends before it begins.", "last")
