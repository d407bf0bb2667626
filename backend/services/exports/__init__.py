"""Taking customers and orders out, as CSV or XLSX, row by row: the size of the shop does not matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from backend.domain.team import Actor, Permission
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter
from backend.services.exports import customers, orders
from backend.services.exports.writers import Cell, Format, write_table
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
    actor.require(Permission.EXPORT_DATA)
    table = _Table("Customers", customers.COLUMNS, customers.rows(shop, wanted or CustomerFilter()))
    return _write(shop, actor, target, format, table)


def export_customers_as_listed(
    shop: Shop, actor: Actor, target: BinaryIO, format: Format, wanted: CustomerFilter, most: int | None = None
) -> int:
    """Writes what the list of customers shows, all its pages in its order, or the first `most`.

    Raises: `PermissionDeniedError`, `InvalidInputError` (a search that finds more than can be listed).
    """
    actor.require(Permission.EXPORT_DATA)
    rows = customers.rows_as_listed(shop, wanted, most)
    return _write(shop, actor, target, format, _Table("Customers", customers.COLUMNS, rows))


def export_chosen_customers(shop: Shop, actor: Actor, target: BinaryIO, format: Format, ids: Sequence[str]) -> int:
    """Writes the customers with these ids. Raises: `PermissionDeniedError`."""
    actor.require(Permission.EXPORT_DATA)
    table = _Table("Customers", customers.COLUMNS, customers.rows_of(shop, ids))
    return _write(shop, actor, target, format, table)


def export_chosen_orders(
    shop: Shop, actor: Actor, target: BinaryIO, format: Format, refs: Sequence[tuple[str, str]]
) -> int:
    """Writes these orders (customer and order id), one row each. Raises: `PermissionDeniedError`."""
    actor.require(Permission.EXPORT_DATA)
    table = _Table("Orders", orders.COLUMNS, orders.rows_of(shop, bulk.chosen(shop, refs)))
    return _write(shop, actor, target, format, table)


def export_orders(shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, wanted: OrderFilter) -> int:
    """Writes the wanted orders, one row each, newest first, and returns how many.

    Raises: `PermissionDeniedError`, `InvalidInputError` (the range is upside down).
    """
    actor.require(Permission.EXPORT_DATA)
    return _write(shop, actor, target, format, _Table("Orders", orders.COLUMNS, orders.rows(shop, wanted)))


def export_line_items(
    shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, wanted: OrderFilter
) -> int:
    """Writes the line items of the wanted orders, one row each, and returns how many. Raises as `export_orders`."""
    actor.require(Permission.EXPORT_DATA)
    table = _Table("Line items", orders.LINE_COLUMNS, orders.line_rows(shop, wanted))
    return _write(shop, actor, target, format, table)


@dataclass(frozen=True, slots=True)
class _Table:
    title: str
    header: tuple[str, ...]
    rows: Iterator[tuple[Cell, ...]]


def _write(shop: Shop, actor: Actor, target: Path | BinaryIO, format: Format | str, table: _Table) -> int:
    count = write_table(target, Format.of(format), table.title, table.header, table.rows, shop.currency)
    what = table.title.lower()
    audit_log.note(shop, actor, f"exported {what}", f"export:{what}", f"{count:,} rows")
    return count
