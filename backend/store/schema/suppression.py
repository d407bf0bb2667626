"""Keys of the suppression list and its history."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import MAIL


def suppression_key(digest: str) -> Key:
    """The suppression of an address, by its digest."""
    return Key(MAIL, f"X#{digest}", "X")


def suppression_event_key(digest: str, at: str, entry_id: str) -> Key:
    """What happened to the suppression of an address at a moment."""
    return Key(MAIL, f"X#{digest}", f"H#{at}#{entry_id}")


def suppression_line(reason: str) -> str:
    """The partition of the suppression list that holds the entries of one reason."""
    return f"SUPPRESSED#{reason}"
