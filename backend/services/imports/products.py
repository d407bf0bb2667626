"""Imports Shopify's export of products, a part of it at a time in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from backend.domain.imports import Fault, ImportKind, ImportResult
from backend.domain.products import id_of_words
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.imports.amounts import Amounts, DecimalSigns
from backend.services.imports.batches import in_batches
from backend.services.imports.csv_rows import Line
from backend.services.imports.dialect import Table, open_table, reading, with_skipped
from backend.services.imports.product_plan import ProductCandidate, ProductPlanner
from backend.services.imports.product_table import Found, ProductReader, product_places
from backend.services.imports.run import ProgressListener, Run
from backend.services.imports.steps import print_of
from backend.services.imports.workbooks import as_csv


def import_products(
    shop: Shop,
    actor: Actor,
    path: Path,
    *,
    report: Path | None = None,
    progress: ProgressListener | None = None,
    encoding: str = "",
    sheet: str = "",
) -> ImportResult:
    """Imports the products and variants of Shopify's export of products.

    The same file again changes nothing, a newer one updates. A row that cannot be imported is skipped alone, and listed
    in the report.

    Raises: `PermissionDeniedError`; `InvalidInputError` when it is not such an export; `StoreBusyError` and
    `StoreUnreachableError`.
    """
    actor.require(Permission.IMPORT_DATA)
    actor.require(Permission.EDIT_PRODUCTS)
    with as_csv(path, sheet) as file:
        table = open_table(file, encoding)
        places = product_places(table.header)
        reader = ProductReader(places, Amounts(shop.currency, _decimal_comma(table, places, shop.currency)))
        run = Run(shop, ImportKind.PRODUCTS, ProductPlanner(shop), report=report, progress=progress)
        size = file.stat().st_size
        with reading(table) as rows:
            candidates = with_skipped(_candidates(reader.read(rows)), rows)
            return run.work(in_batches(candidates, lambda: rows.position / size, table.encoding.shown))


def _decimal_comma(table: Table, places: dict[str, int], currency: str) -> bool | None:
    """How the file writes prices. Shopify's own is a point; spreadsheets rewrite them."""
    signs, place = DecimalSigns(table.delimiter, currency), places.get("price")
    if place is not None:
        with reading(table) as rows:
            for row in rows:
                if isinstance(row, Line):
                    signs.see(row.cells[place])
    return bool(signs.decimal_comma)


def _candidates(found: Iterable[Found | Fault]) -> Iterator[ProductCandidate | Fault]:
    first_lines: dict[str, int] = {}
    for each in found:
        if isinstance(each, Fault):
            yield each
            continue
        line, product, repairs = each
        name = f"{product.title} - {product.variant}" if product.variant else product.title
        before = first_lines.setdefault(id_of_words(name, product.sku), line)
        candidate = ProductCandidate(line, product, print_of(product), repairs)
        if before != line:
            yield Fault(candidate.name, line, "", f"The same product is in line {before:,} already.")
        else:
            yield candidate
