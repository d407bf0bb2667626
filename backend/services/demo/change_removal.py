"""Removes recorded changes of the demo's customers, orders and products, which are gone and cannot be changed back."""

from __future__ import annotations

from backend.domain.changes import ChangeEntry
from backend.records.changes import entry_from, entry_key
from backend.services.context import Shop
from backend.services.undo.handlers import HANDLERS
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Delete, Query, pages_of

_AT_ONCE = 100


def remove_changes_of_what_is_gone(shop: Shop) -> None:
    """Removes entries whose things do not exist any more, and changes that are left without entries."""
    for head in list(pages_of(shop.store, Query(schema.SHOP, schema.CHANGES, limit=_AT_ONCE))):
        partition = schema.change_partition(head.key.sk)
        rows = list(pages_of(shop.store, Query(schema.SHOP, partition, limit=_AT_ONCE, consistent=True)))
        gone = _gone(shop, list(readable_rows(shop, rows, entry_from)))
        writes = [Delete(entry_key(each)) for each in gone]
        if len(gone) == len(rows):
            writes.append(Delete(head.key))
        shop.store.write_batch(writes)


def _gone(shop: Shop, entries: list[ChangeEntry]) -> list[ChangeEntry]:
    found: list[ChangeEntry] = []
    for kind in {each.kind for each in entries} & set(HANDLERS):
        some = [each for each in entries if each.kind == kind]
        now = HANDLERS[kind].current(shop, some)
        found += [each for each, fields in zip(some, now, strict=True) if fields is None and each.after is not None]
    return found
