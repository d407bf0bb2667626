"""Takes recorded changes of the suppression list back.

What staff added by hand comes off again; what they took off comes back with the reasons and the moments that it had.
"""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.changes import ChangeEntry, Fields
from backend.domain.suppression import Suppression, SuppressionChange, SuppressionEvent
from backend.domain.team import Actor, Permission
from backend.errors import ConflictError
from backend.records.suppression import fields_of, reasons_in, suppression_from
from backend.services.changes.handler import Handler, check_unchanged
from backend.services.concurrency.retries import settled
from backend.services.context import Shop
from backend.services.suppression.entries import BY_STAFF, entry_writes
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Write


def current(shop: Shop, entries: Sequence[ChangeEntry]) -> list[Fields | None]:
    """The reasons of the addresses of these entries as they are now."""
    keys = [schema.suppression_key(entry.id) for entry in entries]
    found = shop.store.get_many(keys)
    rows = ((key, found[key]) for key in keys if key in found)
    known = dict(readable(shop, rows, lambda key, item: (key, suppression_from(item))))
    return [fields_of(known.get(key)) for key in keys]


@settled
def take_back(shop: Shop, actor: Actor, entry: ChangeEntry, also: Sequence[Write]) -> None:
    """Restores the reasons of one address. Raises: `PermissionDeniedError`, `ChangedSinceError`, `ConflictError`."""
    actor.require(Permission.MANAGE_SUPPRESSION)
    item = shop.store.get(schema.suppression_key(entry.id))
    now = None if item is None else suppression_from(item)
    if now is not None and now.is_erased:
        raise ConflictError("The customer was erased.")
    check_unchanged(entry, fields_of(now))
    before = Suppression(entry.name, reasons_in(entry.before or {}))
    old, new = set(before.causes), set(now.causes if now else ())
    added = len(old) > len(new)
    event = SuppressionEvent(
        shop.clock(),
        SuppressionChange.ADDED if added else SuppressionChange.REMOVED,
        tuple(cause.reason for cause in (before.causes if added else now.causes if now else ()) if cause in old ^ new),
        BY_STAFF,
        actor.username,
        "undone",
    )
    stored = before if before.causes else Suppression(entry.name, tuple(new))
    writes = entry_writes(shop, entry.name, stored, event, item, gone=not before.causes)
    shop.store.transact([*writes, *also])


HANDLER = Handler(current, take_back)
