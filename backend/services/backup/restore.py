"""Takes a backup into an empty store, and moves a shop from one store to another. Both prove that they are equal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from backend.errors import ConflictError
from backend.services.backup.archive import BackupError, Contents, Locker, is_unreadable, lines_of, rows_of
from backend.services.backup.backup import Progress, contents_of, verify_backup
from backend.services.context import Shop
from backend.services.customer_data.erasing import finish
from backend.services.customer_data.erasure import ledger, replay
from backend.services.sending.account import PAUSE, pause
from backend.store import schema
from backend.store.port import Put, Row, Store

_PAGE = 2000
_HELD = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was written, by table; and how many customers were erased again, who came back with the backup."""

    tables: dict[str, Contents]
    erased: int = 0

    @property
    def items(self) -> int:
        return sum(contents.items for contents in self.tables.values())


def restore_backup(shop: Shop, folder: Path, *, passphrase: str = "", progress: Progress | None = None) -> Restored:
    """Takes a backup into the shop's store, which has to be empty, and compares what is there with the manifest.

    Customers who were erased after it was made are erased again (`customer_data.erasure.replay`).
    Sending is paused until somebody resumes it: the copy still wants to send what was sent after it was made.

    Raises: `BackupError` (not whole, or the store holds something else afterwards), `ConflictError` (not empty).
    """
    manifest = verify_backup(folder, passphrase=passphrase)
    check_empty(shop.store)
    locker = Locker(passphrase, manifest.salt)
    done = 0
    # Before the first item, so that no worker that is running already sends what comes.
    _hold_mail(shop, "This store was restored from a backup. Compare the message log with the provider, then resume.")
    for part in manifest.parts:
        rows = list(rows_of(part.table, lines_of(folder, part, locker)))
        done += _write(shop.store, rows)
        if progress:
            progress(done)
    _compare(shop.store, manifest.tables, "The store does not hold what the backup holds. Empty it and begin again.")
    replayed = replay(shop, folder.absolute().parent, shop.data_dir)
    for erasure in [each for each in ledger(shop) if not each.is_done]:
        finish(shop, erasure)
    return Restored(manifest.tables, replayed)


def move_shop(source: Store, target: Shop, *, progress: Progress | None = None) -> Restored:
    """Copies everything from one store into another, empty one. Nothing may write to the source meanwhile.

    Sending is paused in the target until somebody resumes it, so that two stores never send the same.

    Raises: `ConflictError` (the target is not empty), `BackupError` (the source changed meanwhile, or has items that
    cannot be read).
    """
    check_empty(target.store)
    _hold_mail(target, "This store was copied from another one. Stop what works on the other one, then resume.")
    done = 0
    for table in schema.TABLES:
        cursor: str | None = None
        while True:
            page = source.scan(table.name, limit=_PAGE, cursor=cursor)
            if any(map(is_unreadable, page.rows)):
                raise BackupError("The store has items that cannot be read. See `python -m backend unreadable list`.")
            done += _write(target.store, page.rows)
            if progress:
                progress(done)
            cursor = page.cursor
            if cursor is None:
                break
    tables = _contents(source)
    _compare(
        target.store,
        tables,
        "The two stores differ. Stop whatever writes to the first, empty the new one, and begin again.",
    )
    return Restored(tables)


def check_empty(store: Store) -> None:
    """Raises: `ConflictError`."""
    store.create_tables()
    for table in schema.TABLES:
        cursor: str | None = None
        while True:
            page = store.scan(table.name, limit=_PAGE, cursor=cursor)
            if [row for row in page.rows if row.key != PAUSE]:
                raise ConflictError("The store is not empty. Choose a STORE_URL whose tables are empty or missing.")
            cursor = page.cursor
            if cursor is None:
                break


def _hold_mail(shop: Shop, reason: str) -> None:
    pause(shop, reason, shop.clock() + _HELD)


def _write(store: Store, rows: list[Row]) -> int:
    """The pause that holds the mail of the restored store stays as it is."""
    store.write_batch([Put(row.key, row.item) for row in rows if row.key != PAUSE])
    return len(rows)


def _contents(store: Store) -> dict[str, Contents]:
    with store.moment() as moment:
        return {table.name: contents_of(moment, table.name) for table in schema.TABLES}


def _compare(store: Store, expected: dict[str, Contents], sentence: str) -> None:
    if _contents(store) != expected:
        raise BackupError(sentence)
