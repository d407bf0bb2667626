"""How scheduled backups went, as the worker that makes them noted (`services/backup/schedule.py`)."""

from __future__ import annotations

from backend.domain.backups import BackupState
from backend.records.system import backup_state_from
from backend.services.context import Shop
from backend.services.unreadable.items import read_one
from backend.store import schema

STATE = schema.meta_key("backup")


def backup_state(shop: Shop) -> BackupState:
    """How the last backup and the last drill went."""
    return noted(shop) or BackupState()


def noted(shop: Shop) -> BackupState | None:
    """What was noted; None where nothing was, or nothing that can be read."""
    return read_one(shop, STATE, lambda _, item: backup_state_from(item))
