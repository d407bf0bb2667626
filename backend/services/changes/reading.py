"""Lists changes, and reads one with its entries. Everybody sees their own; who sees the audit log sees all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from backend.domain.changes import KEPT, Change, ChangeEntry
from backend.domain.team import Actor, Permission
from backend.errors import NotFoundError
from backend.records.changes import change_from, entry_from, entry_key
from backend.services.context import Shop
from backend.services.listing import text_in
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.meter import access_pattern
from backend.store.port import Query, Row, pages_of

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class ChangePage:
    """One page, newest first. `cursor` is that of the next page."""

    changes: list[Change]
    cursor: str | None


def list_changes(shop: Shop, actor: Actor, *, by: str = "", limit: int = 50, cursor: str | None = None) -> ChangePage:
    """One page of the changes that the actor may see, of all people or of one.

    Raises: `InvalidInputError` for a cursor of another list.
    """
    upper = text_in(cursor, "id") if cursor else "~"
    query = Query(schema.SHOP, schema.CHANGES, between=("0", upper), descending=True, limit=limit + 1)
    with access_pattern("recorded changes"):
        rows = (row for row in pages_of(shop.store, query) if row.key.sk != upper)
        seen = (each for each in readable_rows(shop, rows, change_from) if _is_kept(shop, each) and _sees(actor, each))
        found = list(islice((each for each in seen if by in ("", each.by)), limit + 1))
    return ChangePage(found[:limit], encode_cursor({"id": found[limit - 1].id}) if len(found) > limit else None)


def get_change(shop: Shop, actor: Actor, change_id: str) -> Change:
    """One change.

    Raises: `NotFoundError`, also for what the actor may not see and what is older than `KEPT`.
    """
    key = schema.change_key(change_id)
    item = shop.store.get(key) if change_id else None
    change = None if item is None else change_from(Row(key, item))
    if change is None or not _is_kept(shop, change) or not _sees(actor, change):
        raise NotFoundError(f"This change does not exist. Changes are kept for {KEPT.days} days.")
    return change


def entries_of(shop: Shop, change_id: str, kind: str = "") -> Iterator[ChangeEntry]:
    """The entries of a change, or those about things of one kind, the last step of each thing first."""
    begins = schema.entries_of_kind(kind) if kind else None
    partition = schema.change_partition(change_id)
    query = Query(schema.SHOP, partition, begins_with=begins, descending=True, limit=_CHUNK, consistent=True)
    return readable_rows(shop, pages_of(shop.store, query), entry_from)


def list_entries(
    shop: Shop, actor: Actor, change_id: str, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[ChangeEntry], str | None]:
    """One page of the entries of a change, and the cursor of the next.

    Raises: as `get_change`; `InvalidInputError` for a cursor of another list.
    """
    get_change(shop, actor, change_id)
    page = shop.store.query(Query(schema.SHOP, schema.change_partition(change_id), limit=limit, cursor=cursor))
    return [*readable_rows(shop, page.rows, entry_from)], page.cursor


def read_entry(shop: Shop, entry: ChangeEntry) -> ChangeEntry | None:
    """The entry as it is now."""
    key = entry_key(entry)
    item = shop.store.get(key)
    return None if item is None else entry_from(Row(key, item))


def _is_kept(shop: Shop, change: Change) -> bool:
    return shop.clock() < change.at + KEPT


def _sees(actor: Actor, change: Change) -> bool:
    return actor.username == change.by or actor.may(Permission.VIEW_AUDIT)
