"""Recorded changes and their entries as items. They end after `KEPT`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import orjson

from backend.domain.changes import KEPT, Change, ChangeEntry
from backend.domain.time import to_seconds
from backend.records.conversion import key_of_row, reads
from backend.records.declared import Record
from backend.store import schema
from backend.store.port import EXPIRES, Exists, Item, Key, Row, Update

_CHANGE = Record(Change, given=("id",), sparse=("count", "taken_back"))
_ENTRY = Record(ChangeEntry, given=("change", "kind", "id", "step"))
_PERSONAL = ("name", "before", "after", "people")


def change_item(change: Change) -> Item:
    return _CHANGE.item(change, **{EXPIRES: _end(change.at)})


def entry_item(entry: ChangeEntry, begun: datetime) -> Item:
    """`begun` is the moment of the change, with which its entries end."""
    return _ENTRY.item(entry, **{EXPIRES: _end(begun)})


def entry_key(entry: ChangeEntry) -> Key:
    return schema.change_entry_key(entry.change, entry.kind, entry.id, entry.step)


@reads(key_of_row)
def change_from(row: Row) -> Change:
    return _CHANGE.read(row.item, id=row.key.sk)


@reads(key_of_row)
def entry_from(row: Row) -> ChangeEntry:
    change, kind, thing, step = schema.change_and_thing(row.key)
    return _ENTRY.read(row.item, change=change, kind=kind, id=thing, step=step)


def names_any(row: Row, customer: str, values: Collection[str]) -> bool:
    """Whether an entry has personal values of a customer, who is known by an id and by these texts in lower case."""
    people = row.item.get("people")
    if isinstance(people, list) and customer in people:
        return True
    kept = orjson.dumps([row.key.sk, *(row.item.get(name) for name in _PERSONAL)], default=repr).decode().casefold()
    return any(value in kept for value in values)


def without_values(row: Row) -> Update:
    """Blanks an entry, so that it says which thing was touched and no more."""
    return Update(row.key, set={"erased": True}, remove=_PERSONAL, condition=Exists())


def _end(begun: datetime) -> int:
    return to_seconds(begun + KEPT)
