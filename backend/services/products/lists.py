"""The list of products: found by title or SKU, with what was sold of each in a period, in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from backend.domain.products import Product, Sold
from backend.domain.text import fold
from backend.services.context import Shop
from backend.services.listing import number_in
from backend.services.products.catalogue import all_products, matches
from backend.services.products.figures import Days, ProductSales, sold_in_period
from backend.store.limits import encode_cursor


class ProductSort(StrEnum):
    """The orders of the list."""

    REVENUE = "revenue"
    UNITS = "units"
    NAME = "name"
    PRICE = "price"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products; `days` is the period of the figures, and does not leave any out."""

    search: str = ""
    archived: bool = False
    sort: ProductSort = ProductSort.REVENUE
    days: Days = field(default_factory=Days)


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One page of products, how many there are on all pages, and the cursor of the next page."""

    products: list[ProductSales]
    count: int
    cursor: str | None


def list_products(
    shop: Shop, wanted: ProductFilter, *, limit: int | None = 50, cursor: str | None = None
) -> ProductPage:
    """One page of the list; all of it where `limit` is None. Reads each product and its figures once.

    Raises: `InvalidInputError` for a cursor of another list, or days that end before they begin.
    """
    start = max(number_in(cursor, "from"), 0) if cursor else 0
    sold = sold_in_period(shop, wanted.days)
    found = [
        ProductSales(product, sold.get(product.id, Sold()))
        for product in all_products(shop)
        if product.archived == wanted.archived and matches(product, wanted.search)
    ]
    found.sort(key=_ORDERS[wanted.sort])
    end = len(found) if limit is None else start + limit
    following = encode_cursor({"from": end}) if end < len(found) else None
    return ProductPage(found[start:end], len(found), following)


def products_to_sell(shop: Shop) -> list[Product]:
    """The products that are offered for new orders, by name."""
    return [product for product in all_products(shop) if not product.archived]


_ORDERS: dict[ProductSort, Callable[[ProductSales], Any]] = {
    ProductSort.REVENUE: lambda each: (-each.sold.revenue, -each.sold.units),
    ProductSort.UNITS: lambda each: (-each.sold.units, -each.sold.revenue),
    ProductSort.NAME: lambda each: fold(each.product.name),
    ProductSort.PRICE: lambda each: -(each.product.price or 0),
    ProductSort.NEWEST: lambda each: -each.product.created_at.timestamp(),
}
"""Equal ones stay in the order of their names."""
