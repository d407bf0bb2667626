"""Keys of recorded changes."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import SHOP

CHANGES = "CHANGES"
CHANGE = "CHANGE#"


def change_key(change_id: str) -> Key:
    """A change; ids sort by time."""
    return Key(SHOP, CHANGES, change_id)


def change_entry_key(change_id: str, kind: str, thing: str, step: str = "") -> Key:
    """One thing that a change touched, at a step of the change."""
    return Key(SHOP, change_partition(change_id), f"{entries_of_kind(kind)}{thing}#{step}")


def change_partition(change_id: str) -> str:
    """The entries of a change."""
    return f"{CHANGE}{change_id}"


def entries_of_kind(kind: str) -> str:
    """How the sort keys of entries about things of a kind begin."""
    return f"{kind}#"


def change_and_thing(key: Key) -> tuple[str, str, str, str]:
    """The change, and the kind, the id and the step in the key of an entry."""
    kind, _, rest = key.sk.partition("#")
    thing, _, step = rest.rpartition("#")
    return key.pk.removeprefix(CHANGE), kind, thing, step
