"""Checks whether an installation can work (`python -m backend check`), and whether an unnamed proxy is in front."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

from loguru import logger

from backend.disk_space import FILES_FULL, is_full
from backend.domain.network import Origin
from backend.domain.time import from_text, to_text
from backend.errors import BackendError
from backend.records.conversion import key_given, reads
from backend.records.values import text
from backend.services.context import Shop
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Delete, Item, Key, Put, Store

_WRITTEN_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One check and its result."""

    name: str
    ok: bool
    found: str


def check_store(store: Store) -> list[Check]:
    """Whether the store answers, and whether its tables are there."""
    try:
        missing = store.missing_tables()
        if missing:
            return [Check("store", True, "It answers."), Check("tables", False, f"Missing: {', '.join(missing)}.")]
        check_writing(store)
    except BackendError as error:
        return [Check("store", False, error.sentence)]
    return [Check("store", True, "It answers."), Check("tables", True, "All are there.")]


def check_writing(store: Store) -> None:
    """Writes an item and removes it: a store whose disk is full still answers reads.

    Raises: `DiskFullError`, `StoreBusyError`, `StoreUnreachableError`.
    """
    key = schema.meta_key("write-check")
    store.put(Put(key, {"padding": "-" * _WRITTEN_BYTES}))
    store.delete(Delete(key))


def check_folder(folder: Path) -> Check:
    """Whether files can be written to the folder for secrets, uploads and reports."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_WRITTEN_BYTES))
            file.flush()
            os.fsync(file.fileno())
            return Check("data folder", True, "It can be written to.")
    except OSError as error:
        if is_full(error):
            return Check("data folder", False, FILES_FULL)
        return Check("data folder", False, f"{folder} cannot be written to: {error.strerror}.")


FORGOTTEN_AFTER = timedelta(hours=24)
_NOTED_EVERY = timedelta(hours=1)
_lock = threading.Lock()
_noted: MutableMapping[Store, datetime] = WeakKeyDictionary()
"""When this process last recorded one."""


def note_origin(shop: Shop, origin: Origin) -> None:
    """Records an unnamed proxy in the log and in the store, once an hour. A failing store does not refuse the
    request.
    """
    if not origin.by_unnamed_proxy or not _is_due(shop):
        return
    logger.warning(
        "A request came with forwarding headers from an address that TRUSTED_PROXIES does not name. If it is your "
        "reverse proxy, name it there: without it, all visitors share one address and one limit."
    )
    try:
        shop.store.put(Put(schema.meta_key("unnamed_proxy"), {"seen": to_text(shop.clock())}))
    except BackendError as error:
        logger.warning("An unnamed proxy could not be recorded: {}", type(error).__name__)


def unnamed_proxy_seen(shop: Shop) -> datetime | None:
    """When a request last came through an unnamed proxy, if that was within a day."""
    seen = read_one(shop, schema.meta_key("unnamed_proxy"), _seen_from)
    return seen if seen and shop.clock() - seen < FORGOTTEN_AFTER else None


@reads(key_given)
def _seen_from(_: Key, item: Item) -> datetime:
    return from_text(text(item, "seen"))


def _is_due(shop: Shop) -> bool:
    now = shop.clock()
    with _lock:
        last = _noted.get(shop.store)
        if last is not None and now - last < _NOTED_EVERY:
            return False
        _noted[shop.store] = now
        return True
