"""Makes a snapshot: reads the shop, puts the tables together beside the current ones, and replaces these."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Protocol

import duckdb

from backend.disk_space import FILES_FULL, full_disk_named
from backend.errors import DiskFullError
from backend.services.context import Shop
from backend.services.snapshots import folders
from backend.services.snapshots.extraction import Share, read_share
from backend.services.snapshots.info import SnapshotFailedError, SnapshotInfo, SnapshotMissingError
from backend.services.snapshots.tables import finish

_PATIENCE = 180.0
"""Seconds to wait for somebody else who makes a snapshot."""
_LOOK_SECONDS = 0.2


class Reading(Protocol):
    """How the shop is read into a folder: here and now, or by processes of their own."""

    def __call__(self, shop: Shop, folder: Path, stopped: Callable[[], bool], /) -> None: ...


def read_here(shop: Shop, folder: Path, stopped: Callable[[], bool]) -> None:
    """Reads the whole shop in this thread. Raises: `ReadingStoppedError`."""
    read_share(shop, Share(), folder, stopped)


def make_snapshot(
    shop: Shop, *, read: Reading = read_here, stopped: Callable[[], bool] = lambda: False
) -> SnapshotInfo | None:
    """Makes a new snapshot the current one; None when somebody else is making one on this machine.

    Raises: `ReadingStoppedError`, `SnapshotFailedError`, `DiskFullError`, and what the store raises. The snapshot
    before is then kept.
    """
    with full_disk_named(), folders.making(shop) as aside:
        if aside is None:
            return None
        as_of, began = shop.clock(), time.monotonic()
        parts = aside / "read"
        parts.mkdir()
        read(shop, parts.absolute(), stopped)
        try:
            finished = finish(parts.absolute(), aside.absolute())
        except duckdb.Error as error:
            if os.strerror(errno.ENOSPC) in str(error):
                raise DiskFullError(FILES_FULL) from error
            raise SnapshotFailedError("The figures for segments could not be prepared.") from error
        for folder in (parts, aside / "spill"):
            shutil.rmtree(folder, ignore_errors=True)
        info = SnapshotInfo(
            name=folders.new_name(as_of),
            as_of=as_of,
            seconds=round(time.monotonic() - began, 2),
            bytes=sum(file.stat().st_size for file in aside.glob("*.parquet")),
            **{name: value for name, value in asdict(finished).items() if name != "fifths"},
            fifths=finished.fifths,
        )
        folders.publish(shop, aside, info)
        return info


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
