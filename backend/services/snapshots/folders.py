"""Where snapshots lie: a folder for each version, and a manifest that names the current one.

Any number of processes share the folder. One of them makes the next version, beside the current one; it becomes
current by the replacement of one small file. A version that somebody reads is not removed: readers hold a shared lock
on it. Locks are the system's (flock), so they end with their process, however that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from backend.services.context import Shop
from backend.services.snapshots.info import SnapshotInfo, info_from_text, info_text

_MANIFEST = "current.json"
_MAKING = ".making-"
_ANY = "v*-"
_VERSION = "v2-"
"""Another number is another set of columns: what an older program made is made again."""
_LOCK = "lock"
_ASKED = "asked"


def folder_of(shop: Shop) -> Path:
    """The folder of this machine's snapshots. It may not be there."""
    return shop.data_dir / "snapshot"


def current(shop: Shop) -> SnapshotInfo | None:
    """The manifest; None when there is none that can be read, or it is of a program with other columns."""
    try:
        info = info_from_text((folder_of(shop) / _MANIFEST).read_text())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return info if info.name.startswith(_VERSION) else None


def ask(shop: Shop) -> None:
    """Leaves word that somebody wants a newer snapshot."""
    folder = folder_of(shop)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _ASKED).write_text(shop.clock().isoformat())


def asked_at(shop: Shop) -> datetime | None:
    """When somebody last asked for a newer one."""
    try:
        return datetime.fromisoformat((folder_of(shop) / _ASKED).read_text())
    except (OSError, ValueError):
        return None


@contextmanager
def making(shop: Shop) -> Iterator[Path | None]:
    """An empty folder to make the next version in; None while somebody else makes one.

    What was not published is removed at the end.
    """
    folder = folder_of(shop)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as lock:
        if not _locked(lock, fcntl.LOCK_EX):
            yield None
            return
        for left in folder.glob(f"{_MAKING}*"):  # of somebody who ended in the middle
            shutil.rmtree(left, ignore_errors=True)
        aside = folder / f"{_MAKING}{os.getpid()}"
        aside.mkdir()
        try:
            yield aside
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def new_name(as_of: datetime) -> str:
    return f"{_VERSION}{as_of:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def publish(shop: Shop, aside: Path, info: SnapshotInfo) -> None:
    """Makes the version in this folder the current one, and removes those that nobody reads any more."""
    folder = folder_of(shop)
    (aside / _LOCK).touch()
    aside.rename(folder / info.name)
    make_current(shop, info)
    for version in folder.glob(f"{_ANY}*"):
        if version.name != info.name:
            _remove_unread(version)


def make_current(shop: Shop, info: SnapshotInfo) -> None:
    """Writes the manifest, for a version that is in its place."""
    folder = folder_of(shop)
    manifest = folder / f"{_MANIFEST}.{os.getpid()}"
    manifest.write_text(info_text(info))
    manifest.replace(folder / _MANIFEST)


@contextmanager
def held(shop: Shop, info: SnapshotInfo) -> Iterator[Path | None]:
    """The folder of a version, which stays until the end; None when it is gone already."""
    version = folder_of(shop) / info.name
    try:
        lock = (version / _LOCK).open("r")
    except OSError:
        yield None
        return
    with lock:
        yield version if _locked(lock, fcntl.LOCK_SH) and (version / _LOCK).exists() else None


def _remove_unread(version: Path) -> None:
    with contextlib.suppress(OSError), (version / _LOCK).open("r") as lock:
        if _locked(lock, fcntl.LOCK_EX):
            shutil.rmtree(version, ignore_errors=True)


def _locked(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
