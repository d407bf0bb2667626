"""Checks whether an installation can work, for `python -m backend check`."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from backend.disk_space import FILES_FULL, is_full
from backend.errors import BackendError
from backend.store import schema
from backend.store.port import Delete, Put, Store

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
