"""Asks the current snapshot. A process keeps the last one that it asked open, and lets it go for a newer one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from backend.services.context import Shop
from backend.services.snapshots import folders
from backend.services.snapshots.engine import connect, file_names
from backend.services.snapshots.info import SnapshotFailedError, SnapshotInfo, SnapshotMissingError

Parameters = Mapping[str, Any]
_TABLES = ("customers", "orders", "lines", "refunds")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An open snapshot. Its tables are `customers`, `orders`, `lines` and `refunds`; parameters are written `$name`."""

    info: SnapshotInfo
    database: duckdb.DuckDBPyConnection

    def rows(self, sql: str, parameters: Parameters) -> list[tuple[Any, ...]]:
        """All rows of an answer that is known to be small. Raises: `SnapshotFailedError`."""
        try:
            with self.database.cursor() as cursor:
                return cursor.execute(sql, dict(parameters)).fetchall()
        except duckdb.Error as error:
            raise _failed(error) from error

    def batches(self, sql: str, parameters: Parameters, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of an answer of any size, some at a time. Raises: `SnapshotFailedError`."""
        try:
            with self.database.cursor() as cursor:
                answer = cursor.execute(sql, dict(parameters))
                while batch := answer.fetchmany(size):
                    yield batch
        except duckdb.Error as error:
            raise _failed(error) from error


@contextmanager
def opened(shop: Shop) -> Iterator[Snapshot]:
    """The current snapshot of this machine, which stays on the disk until the end.

    Raises: `SnapshotMissingError`, `SnapshotFailedError`.
    """
    kept = _acquire(shop)
    try:
        yield kept.snapshot
    finally:
        with _lock:
            kept.users -= 1
            _close_if_unused(kept)


@dataclass(slots=True)
class _Kept:
    """A snapshot that this process holds open, and how many use it at this moment."""

    snapshot: Snapshot
    closing: ExitStack
    users: int = 0
    outdated: bool = field(default=False)


_lock = threading.Lock()
_open: dict[Path, _Kept] = {}
"""By the folder of snapshots; a process of the program has one, tests have many."""


def _acquire(shop: Shop) -> _Kept:
    folder = folders.folder_of(shop).absolute()
    with _lock:
        for _ in range(_TRIES):
            info = folders.current(shop)
            if info is None:
                raise SnapshotMissingError("The figures for this are being prepared; please try again in a minute.")
            kept = _open.get(folder)
            if kept is None or kept.snapshot.info.name != info.name:
                opened_now = _open_version(shop, info)
                if opened_now is None:
                    continue  # a newer one has taken its place in this very moment
                if kept is not None:
                    kept.outdated = True
                    _close_if_unused(kept)
                kept = _open[folder] = opened_now
            elif kept.snapshot.info != info:  # nothing has changed since, which makes it newer
                kept.snapshot = replace(kept.snapshot, info=info)
            kept.users += 1
            return kept
    raise SnapshotFailedError("The figures for this cannot be read at the moment; please try again.")


def _open_version(shop: Shop, info: SnapshotInfo) -> _Kept | None:
    with ExitStack() as stack:
        version = stack.enter_context(folders.held(shop, info))
        if version is None:
            return None
        database = stack.enter_context(connect(version.absolute()))
        for table in _TABLES:
            names = file_names(version.absolute(), table)
            database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({names})")
        return _Kept(Snapshot(info, database), stack.pop_all())


def _close_if_unused(kept: _Kept) -> None:
    if kept.outdated and kept.users == 0:
        kept.closing.close()


def _failed(error: duckdb.Error) -> SnapshotFailedError:
    return SnapshotFailedError(f"The figures for this could not be worked out ({type(error).__name__}).")
