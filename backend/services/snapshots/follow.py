"""Brings what was read up to date by the store's change feed, so that the shop need not be read again.

What was read last lies in the folder `raw` of a snapshot, beside it in `delta` what has changed since: the items as
they are now, and a list of those that they replace. The next snapshot links the same files and has a larger delta; when
that has grown, or is a day old, both become one again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from backend.services.context import Shop
from backend.services.snapshots.engine import connect, file_names
from backend.services.snapshots.extraction import CHANGED, TABLES, ReadingStoppedError, write_changes
from backend.store.port import Item, Key

MOST_CHANGES = 200_000
"""They are in memory; with more of them the shop is read again."""
_AT_ONCE = 2_000
_SMALL_DELTA = 20_000
_LARGEST_SHARE = 0.1
"""The share of all customers and orders from which a delta is merged."""
_DELTA = "delta"
_JOINS = {
    "customers": "changed.tab = 'customers' AND changed.owner = read.id",
    "messages": "changed.tab = 'messages' AND changed.owner = read.customer AND changed.item = read.reason",
    "suppressed": "changed.tab = 'suppressed' AND changed.owner = read.digest",
}
_ORDERS_JOIN = "changed.tab = 'orders' AND changed.owner = read.customer AND changed.item = read.order_id"


@dataclass(frozen=True, slots=True)
class Changed:
    """What was written since a cursor, each item as it is now or None; `cursor` is where to go on."""

    cursor: str
    items: dict[Key, Item | None] = field(repr=False)


def changes_since(shop: Shop, cursor: str | None, stopped: Callable[[], bool]) -> Changed | None:
    """None where the feed cannot say, or there are too many.

    Raises: `ReadingStoppedError`, and what the store raises.
    """
    items: dict[Key, Item | None] = {}
    more = cursor is not None
    while more and cursor is not None and len(items) < MOST_CHANGES:
        if stopped():
            raise ReadingStoppedError("Reading the snapshot was stopped.")
        page = shop.store.changes(cursor, _AT_ONCE)
        items.update(page.rows)
        cursor, more = page.cursor, page.more
    return None if cursor is None or more else Changed(cursor, items)


def bring_up_to_date(shop: Shop, read: Path, changed: Changed, raw: Path) -> None:
    """Puts what is in `read`, with the changes, into `raw`. They may be one folder; otherwise `read` stays as it is."""
    if read != raw:
        _link(read, raw)
    fresh = raw / "fresh"
    fresh.mkdir()
    write_changes(shop, changed.items, fresh)
    delta, before = raw / _DELTA, read / _DELTA
    if before.exists():
        merged = raw / "merged"
        merged.mkdir()
        with connect(read, raw) as database:
            _define(database, CHANGED, file_names(fresh, CHANGED))
            for table in TABLES:
                _copy(database, _with_changes(table, before, fresh), merged, table)
            both = f"read_parquet({file_names(before, CHANGED)}) UNION SELECT * FROM {CHANGED}"
            _copy(database, f"SELECT * FROM {both}", merged, CHANGED)
        shutil.rmtree(fresh)
        shutil.rmtree(delta, ignore_errors=True)
        fresh = merged
    fresh.rename(delta)


def define_tables(database: duckdb.DuckDBPyConnection, raw: Path) -> None:
    """The tables as they are now, by their names."""
    delta = raw / _DELTA
    if delta.exists():
        _define(database, CHANGED, file_names(delta, CHANGED))
    for table in TABLES:
        if delta.exists():
            database.execute(f"CREATE VIEW {table} AS {_with_changes(table, raw, delta)}")
        else:
            _define(database, table, file_names(raw, table))


def should_merge(raw: Path, size: int) -> bool:
    """Whether the delta is large for a shop of this many customers and orders."""
    delta = raw / _DELTA
    if not delta.exists():
        return False
    with connect(raw) as database:
        (count,) = database.execute(f"SELECT count(*) FROM read_parquet({file_names(delta, CHANGED)})").fetchall()[0]
    return int(count) > max(_SMALL_DELTA, int(size * _LARGEST_SHARE))


def merge(raw: Path) -> None:
    """Makes one of what was read and its delta. What has been replaced or removed is then on the disk no more."""
    if not (raw / _DELTA).exists():
        return
    whole = raw / "whole"
    whole.mkdir()
    with connect(raw) as database:
        define_tables(database, raw)
        for table in TABLES:
            _copy(database, f"SELECT * FROM {table}", whole, table)
    for file in raw.glob("*.parquet"):
        file.unlink()
    shutil.rmtree(raw / _DELTA)
    for file in whole.iterdir():
        file.rename(raw / file.name)
    whole.rmdir()


def differing(one: Path, other: Path) -> tuple[str, ...]:
    """The tables that are not the same in both folders."""
    sums = []
    for raw in (one, other):
        with connect(raw) as database:
            define_tables(database, raw)
            sums.append([_sum(database, table) for table in TABLES])
    return tuple(table for table, a, b in zip(TABLES, *sums, strict=True) if a != b)


def _sum(database: duckdb.DuckDBPyConnection, table: str) -> tuple[object, ...]:
    """The number of rows, and a sum over them that does not depend on their order."""
    found = database.execute(f"SELECT count(*), sum(hash({table})::HUGEINT) FROM {table}").fetchone()
    return tuple(found or ())


def _link(read: Path, raw: Path) -> None:
    """The same files under both names, or copies where the file system has no links."""
    for file in read.glob("*.parquet"):
        try:
            os.link(file, raw / file.name)
        except OSError:
            shutil.copyfile(file, raw / file.name)


def _with_changes(table: str, read: Path, delta: Path) -> str:
    """Selects what is in `read` and was not changed, and what is in `delta`."""
    rest = f"SELECT read.* FROM read_parquet({file_names(read, table)}) AS read"
    changed = f"ANTI JOIN {CHANGED} ON {_JOINS.get(table, _ORDERS_JOIN)}"
    return f"{rest} {changed} UNION ALL SELECT * FROM read_parquet({file_names(delta, table)})"


def _define(database: duckdb.DuckDBPyConnection, table: str, files: str) -> None:
    database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files})")


def _copy(database: duckdb.DuckDBPyConnection, sql: str, folder: Path, table: str) -> None:
    path = str(folder / f"{table}.parquet").replace("'", "''")
    database.execute(f"COPY ({sql}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
