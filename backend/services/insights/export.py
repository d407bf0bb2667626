"""Takes out whom insights name, as CSV or XLSX: who they are as the store has them now, beside the figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from backend.domain.money import plain
from backend.domain.team import Actor, Permission
from backend.records.customers import customer_at
from backend.services.context import Shop
from backend.services.customers.leaderboards import Measure
from backend.services.exports import orders
from backend.services.exports.writers import Cell, Format
from backend.services.exports.writing import export_table
from backend.services.insights.behind import Counted, walk_behind
from backend.services.insights.best import Best, Lapsing, best_customers, walk_lapsing
from backend.services.orders import bulk
from backend.services.products.figures import Days, ProductMeasure, best_products
from backend.services.unreadable.items import readable
from backend.store import schema

BEST = 100
"""How many of the best customers are written."""
_WHO = ("Customer id", "Name", "E-mail address", "Phone", "Country", "City")
_LAPSING_COLUMNS = (
    *_WHO,
    *("Last order", "Usual days between orders", "Days since the last order", "Orders", "Revenue", "Currency"),
)
_BEST_COLUMNS = ("Place", *_WHO, "Orders", "Revenue", "Currency")
_PRODUCT_COLUMNS = ("Place", "Product id", "Product", "SKU", "Units", "Revenue", "Currency")
_BEHIND_COLUMNS = (*orders.COLUMNS, "Counted")
_AT_ONCE = 100


def export_lapsing(shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str) -> int:
    """Writes all customers who are about to be lost, those with most revenue first, and returns how many.

    Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    rows = _lapsing_rows(shop, walk_lapsing(shop, actor))
    return export_table(shop, actor, target, format, "Customers about to be lost", _LAPSING_COLUMNS, rows)


def export_best_customers(
    shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, days: tuple[date, date], by: Measure
) -> int:
    """Writes the best hundred customers of some days, best first, and returns how many. Raises as `export_lapsing`."""
    rows = _best_rows(shop, best_customers(shop, actor, *days, by, BEST))
    return export_table(shop, actor, target, format, "Best customers", _BEST_COLUMNS, rows)


def export_behind(
    shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, days: tuple[date, date], counted: Counted
) -> int:
    """Writes the orders behind a part of a change, newest first, and returns how many. Raises as `export_lapsing`."""
    rows = _behind_rows(shop, walk_behind(shop, actor, days, counted))
    return export_table(shop, actor, target, format, "Orders behind a change", _BEHIND_COLUMNS, rows)


def export_best_products(
    shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, days: Days, by: ProductMeasure
) -> int:
    """Writes the best hundred products of some days, best first, and returns how many.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.VIEW_ORDERS)
    rows = (
        (place, each.product.id, each.product.name, each.product.sku, each.sold.units, *_money(shop, each.sold.revenue))
        for place, each in enumerate(best_products(shop, by, days, BEST), 1)
    )
    return export_table(shop, actor, target, format, "Best products", _PRODUCT_COLUMNS, rows)


def _behind_rows(shop: Shop, batches: Iterator[list[tuple[str, str, int]]]) -> Iterator[tuple[Cell, ...]]:
    """In the order of `_BEHIND_COLUMNS`; an order that cannot be read any more is left out."""
    for batch in batches:
        counted = {(customer, order): amount for customer, order, amount in batch}
        for order in bulk.chosen(shop, list(counted)):
            (row,) = orders.rows_of(shop, [order])
            yield (*row, plain(counted[order.customer_id, order.id], shop.currency))


def _lapsing_rows(shop: Shop, found: Iterable[Lapsing]) -> Iterator[tuple[Cell, ...]]:
    """In the order of `_LAPSING_COLUMNS`; whoever was removed since is left out."""
    rest = iter(found)
    while chunk := list(islice(rest, _AT_ONCE)):
        people = _people(shop, [each.customer_id for each in chunk])
        for each in chunk:
            if each.customer_id in people:
                last = datetime.combine(each.last_order, time())
                figures = (last, each.usual, each.waiting, each.orders)
                yield (*people[each.customer_id], *figures, *_money(shop, each.revenue))


def _best_rows(shop: Shop, found: list[Best]) -> Iterator[tuple[Cell, ...]]:
    """In the order of `_BEST_COLUMNS`; whoever was removed since is left out, and keeps the place."""
    people = _people(shop, [each.customer_id for each in found])
    for place, each in enumerate(found, 1):
        if each.customer_id in people:
            yield (place, *people[each.customer_id], each.orders, *_money(shop, each.revenue))


def _money(shop: Shop, amount: int) -> tuple[Cell, ...]:
    return plain(amount, shop.currency), shop.currency


def _people(shop: Shop, ids: list[str]) -> dict[str, tuple[Cell, ...]]:
    found = shop.store.get_many([schema.customer_key(each) for each in ids])
    return {
        each.id: (each.id, each.real_name, each.email, each.phone, each.country, each.city)
        for each in readable(shop, found.items(), customer_at)
    }
