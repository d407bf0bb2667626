"""Imports a table of orders, a part of it at a time in memory."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from backend.domain.imports import ImportKind, ImportResult, OrderMapping
from backend.domain.phones import region_of
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.records.connections import connection_from
from backend.services.context import Shop
from backend.services.imports.dates import date_order_of
from backend.services.imports.dialect import open_table
from backend.services.imports.order_file import OrderFile
from backend.services.imports.order_plan import OrderPlanner
from backend.services.imports.parallel_reader import batches_ahead
from backend.services.imports.remembered import settled_mapping
from backend.services.imports.run import ProgressListener, Run
from backend.services.imports.workbooks import as_csv
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Query, pages_of

MOST_NEW_DAYS = 30


def import_orders(
    shop: Shop,
    actor: Actor,
    path: Path,
    *,
    report: Path | None = None,
    progress: ProgressListener | None = None,
    encoding: str = "",
    dates: str = "",
    new_days: int = 0,
    mapping: OrderMapping | None = None,
    sheet: str = "",
) -> ImportResult:
    """Imports the orders of a file, and the customers who placed them.

    Shopify's export needs no `mapping`. That of another table is remembered for the next file with the same titles;
    without one, the remembered one is used, else what the titles show. Of a workbook, `sheet` or the first one is read.

    The same file again changes nothing, a newer export updates. An order that cannot be imported is skipped alone, and
    listed in the report (`report`, or a new file in the shop's data folder). An interrupted run is completed by
    running it again. `encoding` overrides the detected one; `dates` ("day-first", "month-first") is used where the
    file's dates do not show it. New orders of the last `new_days` days (0 to 30) start automations and webhooks, as
    if they had just been placed; older ones are history and start nothing.

    Raises: `PermissionDeniedError`; `InvalidInputError` when it is no table of orders, before anything is written;
    `StoreBusyError` and `StoreUnreachableError`.
    """
    actor.require(Permission.IMPORT_DATA)
    since = shop.clock() - timedelta(days=check_new_days(new_days)) if new_days else None
    planner = OrderPlanner(shop, actor, since, _connected(shop))
    run = Run(shop, ImportKind.ORDERS, planner, report=report, progress=progress)
    with as_csv(path, sheet) as table:
        file = OrderFile(
            table,
            encoding,
            shop.currency,
            shop.zone,
            shop.clock(),
            date_order_of(dates),
            region_of(shop.zone, shop.locale),
            settled_mapping(shop, open_table(table, encoding).header, mapping),
        )
        with closing(batches_ahead(file)) as batches:
            return run.work(batches)


def _connected(shop: Shop) -> dict[str, datetime]:
    """Since when each connected shop reports its orders itself, by its source."""
    rows = pages_of(shop.store, Query(schema.SHOP, schema.CONNECTIONS))
    return {each.source: each.created_at for each in readable(shop, rows, connection_from) if each.secrets}


def check_new_days(days: int) -> int:
    """The number of days, if it is possible.

    Raises: `InvalidInputError`.
    """
    if not 0 <= days <= MOST_NEW_DAYS:
        raise InvalidInputError(f"Orders of 0 to {MOST_NEW_DAYS} days can be treated as new.", "new_days")
    return days
