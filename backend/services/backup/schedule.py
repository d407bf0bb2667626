"""Backups that run by themselves, and drills that restore the newest one into a temporary store.

One worker at a time, under a lease. What is interrupted is begun again; what fails is tried again after a while.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from loguru import logger

from backend.domain.backups import BackupState, kept
from backend.domain.leases import Lease
from backend.domain.time import to_text
from backend.errors import BackendError, UnreadableItemError
from backend.services.backup.archive import read_manifest
from backend.services.backup.backup import make_backup, verify_backup
from backend.services.backup.places import Place, fetch, upload
from backend.services.backup.restore import restore_backup
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.context import Shop
from backend.services.reconcile import reconcile
from backend.services.reconcile.messages import reconcile_mail
from backend.services.system.backups import STATE, noted
from backend.store.port import Delete, Store, Value

RETRY_AFTER = timedelta(minutes=30)
_LEASES = Leases(timedelta(minutes=30), "Another worker makes backups now.")
"""Longer than one step without a report of progress: comparing a large store at the end of a drill."""
_AFTER_TROUBLE = timedelta(days=1)
"""Between two drills while the last one was not good."""
_RENEW_AFTER = timedelta(minutes=1)

OpenStore = Callable[[str], Store]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When backups are made and drilled, and where they go. A drill every `timedelta(0)` is none."""

    place: Place
    every: timedelta
    daily: int
    weekly: int
    drill_every: timedelta
    passphrase: str = field(default="", repr=False)


class _Stopped(Exception):  # noqa: N818 - it is no error
    """The process is to end, so this piece of work is left to the next one."""


def work_on_backups(shop: Shop, schedule: Schedule, open_store: OpenStore, stop: threading.Event) -> bool:
    """Makes a backup or does a drill, if one is due and nobody else is at it. Returns whether something was done.

    Raises: `StoreBusyError`, `StoreUnreachableError`.
    """
    found, now = noted(shop), shop.clock()
    state = found or BackupState()
    if state.retry_at and state.retry_at > now:
        return False
    backup_due = state.at is None or now - state.at >= schedule.every
    drill_due = state.at is not None and _drill_due(state, schedule, now)
    if not (backup_due or drill_due):
        return False
    if not state.lease.is_free(now):
        if shorter := _LEASES.shorten(STATE, state.lease, now):
            shop.store.update(shorter)
        return False
    try:
        held = _Held.take(shop, state.lease, stop)
    except (LeaseLostError, UnreadableItemError):
        if found is None and noted(shop) is None:  # a damaged record must not stop backups
            shop.store.delete(Delete(STATE))
        return False
    work = _back_up if backup_due else _drill
    try:
        held.finish(work(shop, schedule, open_store, held))
    except (LeaseLostError, _Stopped) as ended:
        logger.info("A backup is left to whoever comes next: {}", type(ended).__name__)
        held.give_back()
    except (BackendError, OSError) as error:
        sentence = error.sentence if isinstance(error, BackendError) else f"Files cannot be written: {error.strerror}."
        logger.warning("Backup or drill failed: {}", sentence)
        failed = "error" if backup_due else "drill_error"
        held.finish({failed: sentence[:300], "retry_at": to_text(shop.clock() + RETRY_AFTER)})
    return True


def _drill_due(state: BackupState, schedule: Schedule, now: datetime) -> bool:
    if not schedule.drill_every:
        return False
    every = min(schedule.drill_every, _AFTER_TROUBLE) if state.drill_error else schedule.drill_every
    return state.drill_at is None or now - state.drill_at >= every


def _back_up(shop: Shop, schedule: Schedule, open_store: OpenStore, held: _Held) -> dict[str, Value]:
    began, at = time.monotonic(), shop.clock()
    with _work_folder(shop) as folder:
        made = make_backup(shop, folder, passphrase=schedule.passphrase, progress=held.progress)
        manifest = verify_backup(made, passphrase=schedule.passphrase)
        upload(schedule.place, made, held.progress)
    stay = kept(names := schedule.place.names(), schedule.daily, schedule.weekly)
    for name in names:
        if name not in stay:
            schedule.place.remove(name)
    logger.info("Backup {} is made: {} items, {} bytes", made.name, manifest.items, manifest.bytes)
    return {
        "at": to_text(at),
        "name": made.name,
        "items": manifest.items,
        "bytes": manifest.bytes,
        "seconds": round(time.monotonic() - began),
        "error": "",
    }


def _drill(shop: Shop, schedule: Schedule, open_store: OpenStore, held: _Held) -> dict[str, Value]:
    """Takes the newest backup out of its place into a store of its own, which holds exactly what the manifest says.

    Its totals and lists are compared with its orders there.
    """
    began, at = time.monotonic(), shop.clock()
    name = schedule.place.names()[-1:]
    if not name:
        return {"drill_error": "There is no backup in the place where they are kept.", "retry_at": _later(shop)}
    with _work_folder(shop) as folder:
        backup = fetch(schedule.place, name[0], folder, held.progress)
        store = open_store(f"sqlite:///{folder}/drill.db")
        try:
            copy = replace(shop, store=store, data_dir=folder)
            restored = restore_backup(copy, backup, passphrase=schedule.passphrase, progress=held.progress)
            differs = _differs(copy, backup, held)
        finally:
            store.close()
    logger.info("Backup {} was restored as a drill: {} items, {} figures differ", name[0], restored.items, differs)
    return {
        "drill_at": to_text(at),
        "drill_items": restored.items,
        "drill_seconds": round(time.monotonic() - began),
        "drill_error": f"Restored, but {differs:,} figures differ from the orders: run reconcile." if differs else "",
    }


def _differs(copy: Shop, backup: Path, held: _Held) -> int:
    """How many figures differ from what they count. Of a store that was read while it changed, nobody can say."""
    if not read_manifest(backup).is_exact:
        return 0
    found = reconcile(copy, progress=lambda *_: held.progress(), pause=_at_once)
    reconcile_mail(copy, found, pause=_at_once)
    return found.drift_count


def _at_once(_: float) -> None:
    """Nobody writes to the copy, so there is nothing to wait for."""


def _later(shop: Shop) -> str:
    return to_text(shop.clock() + RETRY_AFTER)


@contextmanager
def _work_folder(shop: Shop) -> Iterator[Path]:
    """A folder that is empty at the beginning, also after a crash, and gone at the end. Only the lease's holder is in
    it.
    """
    folder = shop.data_dir / "backup-work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class _Held:
    """The lease of the work, renewed while it makes progress."""

    shop: Shop
    lease: Lease
    stop: threading.Event
    renewed_at: datetime

    @classmethod
    def take(cls, shop: Shop, seen: Lease, stop: threading.Event) -> _Held:
        """Raises: `LeaseLostError`."""
        now = shop.clock()
        shop.store.update(_LEASES.take(STATE, seen, now))
        return cls(shop, seen.taken(now, _LEASES.length), stop, now)

    def progress(self, _: int = 0) -> None:
        """Raises: `_Stopped`; `LeaseLostError`."""
        if self.stop.is_set():
            raise _Stopped
        now = self.shop.clock()
        if now - self.renewed_at >= _RENEW_AFTER:
            self.shop.store.update(_LEASES.renew(STATE, self.lease, now))
            self.lease, self.renewed_at = self.lease.renewed(now, _LEASES.length), now

    def finish(self, changes: dict[str, Value]) -> None:
        """Notes how it went, if the lease is still ours."""
        gone = [name for name, value in changes.items() if value == ""]
        kept_ones = {name: value for name, value in changes.items() if value != ""}
        if "retry_at" not in kept_ones:
            gone.append("retry_at")
        self.shop.store.update(_LEASES.release(STATE, self.lease, set=kept_ones, remove=gone))

    def give_back(self) -> None:
        try:
            self.shop.store.update(_LEASES.release(STATE, self.lease))
        except LeaseLostError:
            return
