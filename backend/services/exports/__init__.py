"""Taking customers and orders out, as CSV or XLSX, row by row: the size of the shop does not matter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from backend.domain.team import Actor
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter
from backend.services.exports import customers, orders
from backend.services.exports.writers import Format
from backend.services.exports.writing import export_table
from backend.services.orders import bulk
from backend.services.orders.lists import OrderFilter

__all__ = [
    "Format",
    "export_chosen_customers",
    "export_chosen_orders",
    "export_customers",
    "export_customers_as_listed",
    "export_line_items",
    "export_orders",
]


def export_customers(
    shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, wanted: CustomerFilter | None = None
) -> int:
    """Writes the wanted customers (all but the archived ones unless asked for) and returns how many.

    The columns can be imported again. A path holds the whole file or what it held before, never a part.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    rows = customers.rows(shop, wanted or CustomerFilter())
    return export_table(shop, actor, target, format, "Customers", customers.COLUMNS, rows)


def export_customers_as_listed(
    shop: Shop, actor: Actor, target: BinaryIO, format: Format, wanted: CustomerFilter, most: int | None = None
) -> int:
    """Writes what the list of customers shows, all its pages in its order, or the first `most`.

    Raises: `PermissionDeniedError`, `InvalidInputError` (a search that finds more than can be listed).
    """
    rows = customers.rows_as_listed(shop, wanted, most)
    return export_table(shop, actor, target, format, "Customers", customers.COLUMNS, rows)


def export_chosen_customers(shop: Shop, actor: Actor, target: BinaryIO, format: Format, ids: Sequence[str]) -> int:
    """Writes the customers with these ids. Raises: `PermissionDeniedError`."""
    rows = customers.rows_of(shop, ids)
    return export_table(shop, actor, target, format, "Customers", customers.COLUMNS, rows)


def export_chosen_orders(
    shop: Shop, actor: Actor, target: BinaryIO, format: Format, refs: Sequence[tuple[str, str]]
) -> int:
    """Writes these orders (customer and order id), one row each. Raises: `PermissionDeniedError`."""
    rows = orders.rows_of(shop, bulk.chosen(shop, refs))
    return export_table(shop, actor, target, format, "Orders", orders.COLUMNS, rows)


def export_orders(shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, wanted: OrderFilter) -> int:
    """Writes the wanted orders, one row each, newest first, and returns how many.

    Raises: `PermissionDeniedError`, `InvalidInputError` (the range is upside down).
    """
    rows = orders.rows(shop, wanted)
    return export_table(shop, actor, target, format, "Orders", orders.COLUMNS, rows)


def export_line_items(
    shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, wanted: OrderFilter
) -> int:
    """Writes the line items of the wanted orders, one row each, and returns how many. Raises as `export_orders`."""
    rows = orders.line_rows(shop, wanted)
    return export_table(shop, actor, target, format, "Line items", orders.LINE_COLUMNS, rows)
