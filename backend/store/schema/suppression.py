"""Keys of the suppression list and its history."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import MAIL, moment_in

SUPPRESSIONS = "X#"
SUPPRESSION = "X"
SUPPRESSION_HISTORY = "H#"


def suppression_partition(digest: str) -> str:
    return f"{SUPPRESSIONS}{digest}"


def suppression_key(digest: str) -> Key:
    """The suppression of an address, by its digest."""
    return Key(MAIL, suppression_partition(digest), SUPPRESSION)


def suppression_event_key(digest: str, at: str, entry_id: str) -> Key:
    """What happened to the suppression of an address at a moment."""
    return Key(MAIL, suppression_partition(digest), f"{SUPPRESSION_HISTORY}{at}#{entry_id}")


def moment_of_suppression_event(key: Key) -> str:
    return moment_in(key.sk.removeprefix(SUPPRESSION_HISTORY))


def suppression_line(reason: str) -> str:
    """The partition of the suppression list that holds the entries of one reason."""
    return f"SUPPRESSED#{reason}"
