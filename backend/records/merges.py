"""Merges of customers as items. One that is not done yet is in a list of work; one that is done ends with its undo."""

from __future__ import annotations

from backend.domain.merging import UNDO_WITHIN, Merge
from backend.records.conversion import key_given, reads
from backend.records.declared import Record
from backend.store import schema
from backend.store.port import EXPIRES, Item, Key, Value

_MERGE = Record(Merge, given=("gone",))


def merge_item(merge: Merge) -> Item:
    if merge.is_done:
        return _MERGE.item(merge, **_ends(merge))
    return _MERGE.item(merge, work=schema.MERGES, work_at=merge.gone)


@reads(key_given)
def merge_from(key: Key, item: Item) -> Merge:
    return _MERGE.read(item, gone=key.sk)


def moved_item(merge: Merge, **what: Value) -> Item:
    """What a step has moved, for an undo: keys, or the profiles as they were."""
    return {"kept": merge.kept, **what, **_ends(merge)}


def _ends(merge: Merge) -> Item:
    return {EXPIRES: int((merge.at + UNDO_WITHIN).timestamp())}
