"""Makes a snapshot: follows what has changed or reads the shop, puts the tables together beside the current ones, and
replaces these.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypedDict

import duckdb
from loguru import logger

from backend.disk_space import FILES_FULL, full_disk_named
from backend.errors import DiskFullError
from backend.services.context import Shop
from backend.services.snapshots import folders
from backend.services.snapshots.extraction import Share, read_share
from backend.services.snapshots.follow import Changed, bring_up_to_date, changes_since, differing, merge, should_merge
from backend.services.snapshots.info import SnapshotFailedError, SnapshotInfo, SnapshotMissingError
from backend.services.snapshots.tables import finish

_PATIENCE = 180.0
"""Seconds to wait for somebody else who makes a snapshot."""
_LOOK_SECONDS = 0.2
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


class Reading(Protocol):
    """How the shop is read into a folder: here and now, or by processes of their own."""

    def __call__(self, shop: Shop, folder: Path, stopped: Callable[[], bool], /) -> None: ...


def read_here(shop: Shop, folder: Path, stopped: Callable[[], bool]) -> None:
    """Reads the whole shop in this thread. Raises: `ReadingStoppedError`."""
    read_share(shop, Share(), folder, stopped)


def make_snapshot(
    shop: Shop, *, read: Reading = read_here, stopped: Callable[[], bool] = lambda: False, whole: bool = False
) -> SnapshotInfo | None:
    """Makes a new snapshot the current one; None when somebody else is making one on this machine.

    It follows the store's change feed from the snapshot before. The shop is read where there is no such thing, where
    the last reading is a week old, or with `whole`; the snapshot before is then compared with what was read.

    Raises: `ReadingStoppedError`, `SnapshotFailedError`, `DiskFullError`, and what the store raises. The snapshot
    before is then kept.
    """
    with full_disk_named(), folders.making(shop) as aside:
        if aside is None:
            return None
        as_of, began = shop.clock(), time.monotonic()
        raw = (aside / "raw").absolute()
        raw.mkdir()
        before = _usable(shop)
        making = _Making(shop, read, stopped, raw, as_of)
        with _duckdb_errors_named(), folders.held(shop, before) if before else nullcontext() as version:
            changed = changes_since(shop, before.cursor, stopped) if before and version else None
            if before is None or version is None or changed is None:
                source = making.read_whole()
            elif whole or as_of - before.whole_at > _WEEK:
                source = making.read_and_compare(before, version / "raw")
            elif changed.items:
                source = making.follow(before, version / "raw", changed)
            else:
                info = replace(before, as_of=as_of, cursor=changed.cursor)
                folders.make_current(shop, info)
                return info
            finished = finish(raw, aside.absolute())
        shutil.rmtree(aside / "spill", ignore_errors=True)
        info = SnapshotInfo(
            name=folders.new_name(as_of),
            as_of=as_of,
            zone=shop.zone.key,
            seconds=round(time.monotonic() - began, 2),
            bytes=sum(file.stat().st_size for file in aside.rglob("*.parquet")),
            **source,
            **{name: value for name, value in asdict(finished).items() if name != "fifths"},
            fifths=finished.fifths,
        )
        folders.publish(shop, aside, info)
        return info


class _Source(TypedDict):
    """What is known of what a snapshot was made from."""

    cursor: str | None
    whole_at: datetime
    merged_at: datetime
    differed: tuple[str, ...]


def _usable(shop: Shop) -> SnapshotInfo | None:
    """The snapshot that can be followed from, if there is one."""
    found = folders.current(shop)
    return found if found and found.cursor and found.zone == shop.zone.key and found.as_of <= shop.clock() else None


@dataclass(frozen=True, slots=True)
class _Making:
    """The ways to fill `raw`, the folder of what a snapshot is made from."""

    shop: Shop
    read: Reading
    stopped: Callable[[], bool]
    raw: Path
    as_of: datetime

    def read_whole(self) -> _Source:
        cursor = self.shop.store.changes().cursor  # before reading: what is written meanwhile is reported afterwards
        self.read(self.shop, self.raw, self.stopped)
        return _Source(cursor=cursor, whole_at=self.as_of, merged_at=self.as_of, differed=())

    def read_and_compare(self, before: SnapshotInfo, followed: Path) -> _Source:
        """Brings both what was read and what was followed to one place in the feed, where they must be the same."""
        source = self.read_whole()
        changed = changes_since(self.shop, before.cursor, self.stopped)
        if changed is None:
            return source
        check = self.raw / "check"
        check.mkdir()
        bring_up_to_date(self.shop, followed, changed, check)
        bring_up_to_date(self.shop, self.raw, changed, self.raw)
        differed = differing(check, self.raw)
        if differed:
            logger.warning("A reading of the whole shop differed from the snapshot in: {}", ", ".join(differed))
        shutil.rmtree(check)
        return _Source(cursor=changed.cursor, whole_at=self.as_of, merged_at=self.as_of, differed=differed)

    def follow(self, before: SnapshotInfo, followed: Path, changed: Changed) -> _Source:
        bring_up_to_date(self.shop, followed, changed, self.raw)
        merged_at, size = before.merged_at, before.customers + before.orders + before.messages
        if self.as_of - merged_at > _DAY or should_merge(self.raw, size):
            merge(self.raw)
            merged_at = self.as_of
        return _Source(cursor=changed.cursor, whole_at=before.whole_at, merged_at=merged_at, differed=before.differed)


@contextmanager
def _duckdb_errors_named() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        if os.strerror(errno.ENOSPC) in str(error):
            raise DiskFullError(FILES_FULL) from error
        raise SnapshotFailedError("The figures for segments could not be prepared.") from error


def make_first(shop: Shop) -> SnapshotInfo:
    """The snapshot that is there; the first one is made now, or waited for while somebody else makes it.

    Raises: `SnapshotMissingError`, and as `make_snapshot`.
    """
    return folders.current(shop) or _made(shop, read_here, None)


def make_since(shop: Shop, since: datetime, *, read: Reading = read_here) -> SnapshotInfo:
    """A snapshot that was begun at this moment or later; made now unless somebody else has or does.

    Raises: as `make_first`.
    """
    return _made(shop, read, since)


def _made(shop: Shop, read: Reading, since: datetime | None) -> SnapshotInfo:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = folders.current(shop)
        if found is not None and (since is None or found.as_of >= since):
            return found
        if (made := make_snapshot(shop, read=read)) is not None:
            return made
        time.sleep(_LOOK_SECONDS)
    raise SnapshotMissingError("The figures for this are still being prepared; please try again in a minute.")
