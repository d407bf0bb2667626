"""Makes backups while the shop goes on, checks them, and removes the oldest ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from backend.domain.time import to_text
from backend.services.backup.archive import (
    FORMAT,
    MANIFEST,
    BackupError,
    Contents,
    Locker,
    Manifest,
    Part,
    is_unreadable,
    lines_from,
    lines_of,
    read_manifest,
    write_manifest,
    write_part,
)
from backend.services.context import Shop
from backend.services.customer_data.erasure import keep_ledger
from backend.services.system.installation import version
from backend.store.port import Moment, Row
from backend.store.schema import TABLES

PREFIX = "tillpost-"
_PAGE = 2000
_PAGES = 10
"""Of a part, which is compressed and encrypted in memory."""

Progress = Callable[[int], None]
"""Gets how many items there were so far."""


def make_backup(shop: Shop, folder: Path, *, passphrase: str = "", progress: Progress | None = None) -> Path:
    """Writes a backup into a new folder beneath this one, and returns it. Memory holds a part at a time.

    One that was interrupted has no manifest and counts as none.

    Raises: `BackupError` (a backup of this second is there), `StoreUnreachableError`, `OSError`.
    """
    target = folder / f"{PREFIX}{shop.clock():%Y%m%dT%H%M%SZ}"
    salt = os.urandom(16).hex() if passphrase else ""
    locker = Locker(passphrase, salt)
    try:
        target.mkdir(parents=True, mode=0o700)
    except FileExistsError:
        raise BackupError(f"{target} is there already. Try again in a second.") from None
    created_at = to_text(shop.clock())
    tables: dict[str, Contents] = {}
    parts: list[Part] = []
    unreadable: list[str] = []
    with shop.store.moment() as moment:
        for table in TABLES:
            contents = Contents()
            for number, rows in enumerate(_groups(moment, table.name)):
                unreadable += [" ".join(row.key) for row in rows if is_unreadable(row)]
                lines = lines_from(rows)
                contents = contents.with_lines(lines)
                parts.append(write_part(target, table.name, number, lines, locker))
                if progress:
                    progress(contents.items + sum(done.items for done in tables.values()))
            tables[table.name] = contents
        is_exact = moment.is_exact
    manifest = Manifest(FORMAT, version(), created_at, is_exact, tables, tuple(parts), tuple(unreadable), salt)
    write_manifest(target, manifest)
    keep_ledger(shop, folder)
    return target


def _groups(moment: Moment, table: str) -> Iterator[list[Row]]:
    cursor: str | None = None
    while True:
        rows: list[Row] = []
        for _ in range(_PAGES):
            page = moment.scan(table, limit=_PAGE, cursor=cursor)
            rows += page.rows
            cursor = page.cursor
            if cursor is None:
                break
        yield rows
        if cursor is None:
            return


def contents_of(moment: Moment, table: str) -> Contents:
    """What a table of a store holds, as a backup of it would say."""
    contents = Contents()
    for rows in _groups(moment, table):
        contents = contents.with_lines(lines_from(rows))
    return contents


def verify_backup(folder: Path, *, passphrase: str = "") -> Manifest:
    """Reads every part of a backup, and compares what is in it with the manifest.

    Raises: `BackupError` when something is missing or changed.
    """
    manifest = read_manifest(folder)
    locker = Locker(passphrase, manifest.salt)
    found = {table: Contents() for table in manifest.tables}
    for part in manifest.parts:
        found[part.table] = found[part.table].with_lines(lines_of(folder, part, locker))
    if found != manifest.tables:
        raise BackupError("The parts of the backup do not hold what its manifest says.")
    return manifest


def keep_newest(folder: Path, count: int) -> list[Path]:
    """Removes all whole backups in a folder but the newest ones; returns what was removed."""
    whole = sorted(each.parent for each in folder.glob(f"{PREFIX}*/{MANIFEST}"))
    removed = whole[: max(len(whole) - max(count, 1), 0)]
    for backup in removed:
        (backup / MANIFEST).unlink()  # first, so that what is left after a crash is no backup
        shutil.rmtree(backup)
    return removed
