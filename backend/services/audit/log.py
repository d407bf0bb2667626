"""The audit log: an entry is written in the transaction of the action, so that neither exists without the other.

Entries are added and read; nothing changes one. Whole days end where an admin has set for how long the log is kept
(`customer_data.retention`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date

from backend.domain.audit import AuditEntry
from backend.domain.ids import new_entry_id
from backend.domain.team import Actor, Permission
from backend.domain.time import months_between, to_text
from backend.errors import InvalidInputError
from backend.records.system import audit_from, audit_item
from backend.services.context import Shop
from backend.services.listing import text_in
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.port import Put, Query, Row, pages_of

_LONGEST = 500
_SCAN = 5_000
"""How many entries are looked at for one page of a filtered list."""
_CHUNK = 500
"""How many of them are read at once."""


def entry(shop: Shop, actor: Actor, action: str, target: str = "", detail: str = "", *, change: str = "") -> Put:
    """The write of an entry, for the transaction of the action. See `AuditEntry` for what the words are."""
    noted = AuditEntry(
        at=shop.clock(),
        id=new_entry_id(),
        actor=actor.username,
        role=actor.acts_as,
        action=action,
        target=target[:_LONGEST],
        detail=detail[:_LONGEST],
        change=change,
    )
    return Put(schema.audit_key(to_text(noted.at), noted.id), audit_item(noted))


def note(shop: Shop, actor: Actor, action: str, target: str = "", detail: str = "") -> None:
    """Writes an entry about an action that has no transaction of its own, right after it."""
    shop.store.put(entry(shop, actor, action, target, detail))


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Entries of a month ("2026-11", by UTC). Texts match any part, in any case; "" matches everything."""

    month: str
    who: str = ""
    action: str = ""
    target: str = ""

    def matches(self, found: AuditEntry) -> bool:
        wanted = ((self.who, found.actor), (self.action, found.action), (self.target, found.target))
        return all(part.strip().casefold() in text.casefold() for part, text in wanted)


@dataclass(frozen=True, slots=True)
class AuditPage:
    """One page, newest first. `cursor` is that of the next page; `note` says when the page ended early."""

    entries: list[AuditEntry]
    cursor: str | None
    note: str = ""


def list_entries(
    shop: Shop, actor: Actor, wanted: AuditFilter, *, limit: int = 50, cursor: str | None = None
) -> AuditPage:
    """One page of the audit log.

    Raises: `PermissionDeniedError`; `InvalidInputError` for an invalid month, or a cursor of another list.
    """
    actor.require(Permission.VIEW_AUDIT)
    found: list[AuditEntry] = []
    place = text_in(cursor, "at") if cursor else ""
    size = limit + 1 if wanted == AuditFilter(wanted.month) else _CHUNK
    for seen, row in enumerate(_walk(shop, wanted.month, place, size)):
        if len(found) == limit or seen == _SCAN:
            note = "" if len(found) == limit else f"Looked at {_SCAN:,} entries; go on to see more."
            return AuditPage(found, encode_cursor({"at": place}), note)
        found += [each for each in readable_rows(shop, [row], audit_from) if wanted.matches(each)]
        place = row.key.sk
    return AuditPage(found, None)


def all_entries(shop: Shop, actor: Actor, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """All entries that match, newest first, read as they are asked for.

    Raises: as `list_entries`.
    """
    actor.require(Permission.VIEW_AUDIT)
    rows = _walk(shop, wanted.month, "", _CHUNK)
    return (found for found in readable_rows(shop, rows, audit_from) if wanted.matches(found))


def months_until_now(shop: Shop, number: int = 24) -> list[str]:
    """The months with a log, the current one first."""
    now = shop.clock().astimezone(UTC)
    first = date((now.year * 12 + now.month - number) // 12, (now.year * 12 + now.month - number) % 12 + 1, 1)
    return months_between(first, now.date())[::-1]


def _walk(shop: Shop, month: str, before: str, size: int) -> Iterator[Row]:
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise InvalidInputError("Choose a month such as 2026-11.", "month")
    upper = before or "~"
    query = Query(schema.SHOP, schema.audit_partition(month), between=("0", upper), descending=True, limit=size)
    return (row for row in pages_of(shop.store, query) if row.key.sk != before)
