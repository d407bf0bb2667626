"""Where something of an erased customer may be outside of their own partitions."""

from __future__ import annotations

from enum import StrEnum

from backend.store.port import Key
from backend.store.schema.messages import is_message


class Place(StrEnum):
    """A kind of item that may name a customer; the value is the beginning of its partition."""

    IDENTITY = "I#"
    ADDRESS = "E#"
    MOVED = "MERGE#"
    SOURCE_ORDER = "I#order#"
    DELIVERY = "H#"
    OUTGOING = "W#"
    ANSWER = "ONCE#"
    DEAD_LETTER = "DEADLETTERS"
    MESSAGE = "C#"
    PREFLIGHT = "K#"
    CHANGE = "CHANGE#"


_SORT_KEYS = {Place.DELIVERY: "D#", Place.PREFLIGHT: "BROKEN"}


def place_of_person(key: Key) -> Place | None:
    """What kind of item the key is of; None for one that names no customer."""
    found = max((place for place in Place if key.pk.startswith(place.value)), key=len, default=None)
    if found is None or not key.sk.startswith(_SORT_KEYS.get(found, "")):
        return None
    return found if found is not Place.MESSAGE or is_message(key) else None
