"""Imports a Shopify order export. Whatever the file's size, a part of it at a time is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from backend.domain.imports import Fault, ImportKind, ImportResult
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.imports.dialect import open_table, reading
from backend.services.imports.fields import Cells
from backend.services.imports.grouping import RawOrder, group
from backend.services.imports.planning import OrderCandidate, OrderPlanner
from backend.services.imports.running import ProgressListener, Run
from backend.services.imports.shopify import OrderReader, places_of
from backend.services.imports.survey import survey


def import_orders(
    shop: Shop,
    actor: Actor,
    path: Path,
    *,
    report: Path | None = None,
    progress: ProgressListener | None = None,
    encoding: str = "",
) -> ImportResult:
    """Takes over the orders of a Shopify order export, and the customers who placed them.

    The same file again changes nothing, a newer export updates. An order that cannot be taken over costs only itself
    and is listed in the report (`report`, or a new file in the shop's data folder). A run that was interrupted is
    completed by running it again. `encoding` overrides what the file's bytes tell.

    Raises: `PermissionDeniedError`; `InvalidInputError` when the file is no such export, before anything is written;
    `StoreBusyError` and `StoreUnreachableError`.
    """
    actor.require(Permission.IMPORT_DATA)
    table = open_table(path, encoding)
    places = places_of(table.header)
    run = Run(shop, ImportKind.ORDERS, path, OrderPlanner(shop, actor), report=report, progress=progress)
    found = survey(table, places, run.surveyed)
    cells = Cells(currency=shop.currency, zone=shop.zone, now=shop.clock(), decimal_comma=found.decimal_comma)
    reader = OrderReader(places, cells, shop.currency)
    with reading(table) as rows:
        raw = group(rows, places, table.delimiter)
        candidates = _candidates(raw, reader, found.scattered)
        return run.work(candidates, lambda: rows.position, table.encoding.shown)


def _candidates(
    orders: Iterable[RawOrder], reader: OrderReader, scattered: Mapping[str, tuple[int, int]]
) -> Iterator[OrderCandidate | Fault]:
    reported: set[str] = set()
    for raw in orders:
        if raw.name not in scattered:
            order = reader.read(raw)
            yield order if isinstance(order, Fault) else OrderCandidate(raw.line, order)
        elif raw.name not in reported:
            reported.add(raw.name)
            first, second = scattered[raw.name]
            reason = (
                f"Rows of this order stand apart, from lines {first:,} and {second:,} on, or two have this Name. "
                "Sort the file by Name, and remove what is there twice."
            )
            yield Fault(raw.name, raw.line, "Name", reason)
