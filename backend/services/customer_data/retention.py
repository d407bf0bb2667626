"""Removes what is older than the shop wants to keep: day by day, from the oldest, by a slow duty that goes on anywhere.

A message stays without its recipient and content, so that what is counted stays and nothing is sent twice. Entries of
the audit log go with their days; the seals stay, and a signed mark says which days are gone on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, timedelta
from itertools import islice

from backend.domain.messages import MessageStatus
from backend.domain.retention import EVENT_DAYS, Kept, Retention, check_retention
from backend.domain.team import Actor, Permission
from backend.errors import ConflictError
from backend.records.conversion import key_given, reads
from backend.records.retention import retention_from, retention_item
from backend.records.values import optional_text
from backend.services.audit import log as audit_log
from backend.services.audit import seals
from backend.services.context import Shop
from backend.services.customer_data.sweep import without_person
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Absent, Delete, Equals, Item, Key, Put, Query, Row, Update, Write, pages_of

_KEY = schema.meta_key("retention")
_DONE = schema.meta_key("retention-done")
_OLDEST = timedelta(days=5 * 366)
"""Nothing older was ever kept by a shop without a mark of how far the duty is."""
_DAYS_AT_ONCE = 50
_PAGE = 100
MOST_COUNTED = 10_000


def retention_of(shop: Shop) -> Retention:
    """How long records are kept; what is kept by default is for good, but for events."""
    return read_one(shop, _KEY, lambda _, item: retention_from(item)) or Retention()


def change_retention(shop: Shop, actor: Actor, wanted: Retention) -> None:
    """Changes how long records are kept; `wanted.version` is that which the person has seen.

    Raises: `PermissionDeniedError`, `InvalidInputError` naming the field, `ConflictError`.
    """
    actor.require(Permission.MANAGE_TEAM)
    check_retention(wanted)
    said = ", ".join(f"{kind.value}: {wanted.days(kind) or 'for good'}" for kind in Kept)
    seen, moved = wanted.version, ConflictError("Someone else has changed how long records are kept.")
    after = Retention(wanted.messages, wanted.events, wanted.audit, seen + 1)
    put = Put(_KEY, retention_item(after), Equals("version", seen) if seen else Absent(), moved)
    noted = audit_log.entry(shop, actor, "changed how long records are kept", "shop:retention", said)
    shop.store.transact([put, noted])


def preview_retention(shop: Shop, actor: Actor, wanted: Retention) -> dict[Kept, int]:
    """How many records of each kind would go; `MOST_COUNTED` stands for that many or more.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.MANAGE_TEAM)
    check_retention(wanted)
    return {
        kind: sum(1 for _ in islice(_going(shop, kind, wanted), MOST_COUNTED)) for kind in Kept if _is_set(wanted, kind)
    }


def work_on_retention(shop: Shop, key: bytes) -> bool:
    """Removes what is too old of the next days; returns whether there may be more. `key` signs the mark of the log."""
    wanted, more = retention_of(shop), False
    for kind in Kept:
        if not _is_set(wanted, kind):
            continue
        days = _days(shop, kind, wanted)
        part = days[:_DAYS_AT_ONCE]
        if kind is Kept.AUDIT and part:
            seals.mark_removed(shop, key, part[-1] + timedelta(days=1))
        for day in part:
            _remove(shop, kind, day)
        if part:
            shop.store.update(Update(_DONE, set={kind.value: part[-1].isoformat()}))
        more = more or len(days) > len(part)
    return more


def _is_set(wanted: Retention, kind: Kept) -> bool:
    return wanted.days(kind) > 0 and (kind is not Kept.EVENTS or wanted.events < EVENT_DAYS)


def _days(shop: Shop, kind: Kept, wanted: Retention) -> list[date]:
    """The days that are too old and not done yet."""
    today = shop.clock().astimezone(UTC).date()
    last = today - timedelta(days=wanted.days(kind) + 1)
    done = (read_one(shop, _DONE, _done_from) or {}).get(kind)
    first = date.fromisoformat(done) + timedelta(days=1) if done else today - _OLDEST
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@reads(key_given)
def _done_from(_: Key, item: Item) -> dict[Kept, str | None]:
    return {kind: optional_text(item, kind.value) for kind in Kept}


def _going(shop: Shop, kind: Kept, wanted: Retention) -> Iterator[Row]:
    for day in _days(shop, kind, wanted):
        yield from _rows(shop, kind, day)


def _rows(shop: Shop, kind: Kept, day: date) -> Iterator[Row]:
    if kind is Kept.AUDIT:
        yield from _entries(shop, day)
        return
    for message in _messages(shop, day):
        if kind is Kept.EVENTS:
            about = schema.events_of(schema.reason_of(message.key))
            yield from pages_of(shop.store, Query(schema.MAIL, message.key.pk, begins_with=about, limit=_PAGE))
        elif without_person(message) and message.item.get("status") != MessageStatus.WAITING.value:
            yield message


def _messages(shop: Shop, day: date) -> Iterator[Row]:
    for line in schema.message_lines(day.isoformat()):
        rows = iter(pages_of(shop.store, Query(schema.MAIL, line, index="timeline", limit=_PAGE)))
        while chunk := list(islice(rows, _PAGE)):
            yield from (Row(*each) for each in shop.store.get_many([row.key for row in chunk]).items())


def _entries(shop: Shop, day: date) -> Iterator[Row]:
    name = day.isoformat()
    query = Query(schema.SHOP, schema.audit_partition(name[:7]), between=(name, f"{name}~"), limit=_PAGE)
    return iter(pages_of(shop.store, query))


def _remove(shop: Shop, kind: Kept, day: date) -> None:
    """Raises: the first error; the next round repeats the day."""
    rows = _rows(shop, kind, day)
    while chunk := list(islice(rows, _PAGE)):
        writes: list[list[Write]] = [
            without_person(row) if kind is Kept.MESSAGES else [Delete(row.key)] for row in chunk
        ]
        errors = [error for error in shop.store.transact_each(writes) if error is not None]
        if errors:
            raise errors[0]
