"""The suppression list: look up, add, remove, list. Every change is kept as history, without the address.

An address may have several reasons; the strongest counts, and removing that one leaves the others. So somebody who
unsubscribed before their mailbox was full stays unsubscribed when it works again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from backend.domain.customers import clean_email, email_identity
from backend.domain.ids import new_entry_id
from backend.domain.suppression import Cause, Suppression, SuppressionChange, SuppressionEvent, SuppressionReason
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.domain.time import to_text
from backend.errors import InvalidInputError, NotFoundError, UnreadableItemError
from backend.records.suppression import (
    digest_of,
    event_from,
    event_item,
    stamp_of,
    suppression_from,
    suppression_item,
)
from backend.services.audit import log as audit_log
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.context import Shop
from backend.services.listing import merged, page_size
from backend.services.outgoing.about import on_suppression_changed
from backend.services.suppression.recorded import Record, not_recorded, recorded
from backend.services.unreadable.items import readable, readable_rows, set_aside
from backend.store import schema
from backend.store.limits import decode_cursor, encode_cursor
from backend.store.meter import access_pattern
from backend.store.port import Absent, Delete, Equals, Exists, Item, Put, Query, Row, Update, Write, pages_of

NOTE_LENGTH = 300
_UNREADABLE = "The entry cannot be read, so nothing is sent to this address. See System for how to repair it."
BY_STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Added:
    """The entry as it is now. `changed` says whether this reason is new for the address."""

    entry: Suppression
    changed: bool


@dataclass(frozen=True, slots=True)
class SuppressionPage:
    """Entries, the newest first. `cursor` is that of the next page; None on the last one."""

    entries: list[Suppression]
    cursor: str | None


# --- look up -----------------------------------------------------------------------------------------------------


def suppressed(shop: Shop, addresses: Sequence[str]) -> dict[str, Suppression]:
    """Those of the addresses that are on the list, by `email_identity`. Reads them in batches.

    The addresses must be in the form in which customers' are kept.
    """
    keys = {schema.suppression_key(digest_of(identity)): identity for identity in map(email_identity, addresses)}
    with access_pattern("look up suppressions"):
        found = shop.store.get_many(list(keys))
    entries = dict(readable(shop, found.items(), lambda key, item: (key, suppression_from(item))))
    return {identity: entries.get(key) or _unknown(identity) for key, identity in keys.items() if key in found}


def _unknown(address: str) -> Suppression:
    """The substitute for an entry that cannot be read: it suppresses everything until somebody has repaired it."""
    since = datetime(1970, 1, 1, tzinfo=UTC)
    return Suppression(address, (Cause(SuppressionReason.MANUAL, since, "unreadable", note=_UNREADABLE),))


def find_suppression(shop: Shop, address: str) -> Suppression | None:
    """The entry of an address in any spelling, read consistently.

    Raises: `InvalidInputError` when this is no address.
    """
    item = shop.store.get(schema.suppression_key(_digest(address)))
    if item is None:
        return None
    try:
        return suppression_from(item)
    except UnreadableItemError as error:
        set_aside(shop, schema.suppression_key(_digest(address)), error.reason)
        return _unknown(email_identity(clean_email(address)))


def suppression_history(shop: Shop, address: str, *, limit: int = 50) -> list[SuppressionEvent]:
    """What happened to the entry of an address, newest first, also when it is not on the list any more.

    Raises: `InvalidInputError` when this is no address.
    """
    query = Query(
        schema.MAIL,
        schema.suppression_partition(_digest(address)),
        begins_with=schema.SUPPRESSION_HISTORY,
        descending=True,
        limit=limit,
    )
    return [*readable_rows(shop, shop.store.query(query).rows, event_from)]


def list_suppressions(
    shop: Shop, actor: Actor, *, reason: SuppressionReason | None = None, limit: int = 50, cursor: str | None = None
) -> SuppressionPage:
    """One page of the list, by when the strongest reason was added; with `reason`, only entries whose strongest it is.

    Raises: `PermissionDeniedError`, `InvalidInputError` for a cursor from another list.
    """
    actor.require(Permission.VIEW_EMAIL)
    before = str(decode_cursor(cursor).get("line", "")) if cursor else ""
    rows = list(islice(_lines(shop, reason, before, limit), limit + 1))
    found = shop.store.get_many([row.key for row in rows[:limit]])
    listed = ((row.key, found[row.key]) for row in rows[:limit] if row.key in found)
    entries = [*readable(shop, listed, lambda _, item: suppression_from(item))]
    following = encode_cursor({"line": str(rows[limit - 1].item["line_at"])}) if len(rows) > limit else None
    return SuppressionPage(entries, following)


def _lines(shop: Shop, reason: SuppressionReason | None, before: str, limit: int) -> Iterator[Row]:
    reasons = list(SuppressionReason) if reason is None else [reason]
    queries = [
        Query(
            schema.MAIL,
            schema.suppression_line(each.value),
            index="timeline",
            between=("0", before or "~"),
            descending=True,
            limit=page_size(limit, len(reasons)),
        )
        for each in reasons
    ]
    return (row for row in merged(shop, queries, "line_at") if row.item["line_at"] != before)


# --- change ------------------------------------------------------------------------------------------------------


def suppress(
    shop: Shop, actor: Actor, address: str, *, reason: SuppressionReason = SuppressionReason.MANUAL, note: str = ""
) -> Added:
    """Adds an address to the list. What staff decided is recorded and can be undone; what the recipient said cannot.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.MANAGE_SUPPRESSION)
    cleaned = clean_line(note, "Note", longest=NOTE_LENGTH, field="note")
    clean = clean_email(address)
    cause = Cause(reason, shop.clock(), BY_STAFF, actor.username, cleaned)
    audited = (shop, actor, "suppressed an address")
    if reason is SuppressionReason.MANUAL:
        return until_settled(lambda: _add(shop, clean, cause, recorded(*audited, reason.label)))
    audit_entry = audit_log.entry(*audited, _target(clean), reason.label)
    return until_settled(lambda: _add(shop, clean, cause, lambda before, after: [audit_entry]))


def add_suppression(
    shop: Shop, address: str, reason: SuppressionReason, *, source: str, by: str = "", note: str = ""
) -> Added:
    """Adds an address to the list because of an event; needs no permission.

    Repeating it changes nothing, and a weaker reason only joins a stronger one.

    Raises: `InvalidInputError` when this is no address.
    """
    return add_cause(shop, clean_email(address), Cause(reason, shop.clock(), source, by, note))


def add_cause(shop: Shop, address: str, cause: Cause) -> Added:
    """Adds a cause with its own moment; `address` must be clean."""
    return until_settled(lambda: _add(shop, address, cause))


def unsuppress(
    shop: Shop, actor: Actor, address: str, *, why: str, reason: SuppressionReason | None = None
) -> Suppression | None:
    """Removes one reason, or all of them; returns what is left of the entry.

    Raises: `PermissionDeniedError`, `InvalidInputError` (without a `why`), `NotFoundError`.
    """
    actor.require(Permission.MANAGE_SUPPRESSION)
    note = clean_line(why, "Reason", longest=NOTE_LENGTH, required=True, field="why")
    cleaned = clean_email(address)
    which = reason.label if reason else "all reasons"
    record = recorded(shop, actor, "took an address off the suppression list", which)
    return until_settled(lambda: _remove(shop, cleaned, reason, BY_STAFF, actor.username, note, record))


def lift_unsubscribe(shop: Shop, address: str, *, source: str) -> None:
    """Removes the reason "unsubscribed", because somebody has subscribed again; other reasons stay."""
    try:
        cleaned = clean_email(address)
        until_settled(lambda: _remove(shop, cleaned, SuppressionReason.UNSUBSCRIBED, source, "", "subscribed again"))
    except (NotFoundError, InvalidInputError):
        return


def adding_writes(shop: Shop, address: str, cause: Cause, item: Item | None) -> tuple[Suppression, Sequence[Write]]:
    """The entry with one more reason, and the writes that store it; none when it is there already.

    `item` is the stored item of the address. Error attached: `StaleReadError`.
    """
    try:
        before = None if item is None else suppression_from(item)
    except UnreadableItemError as error:
        set_aside(shop, schema.suppression_key(_digest(address)), error.reason)
        return _unknown(address), ()  # it suppresses already, and is not overwritten
    after = Suppression(address, (cause,)) if before is None else before.with_cause(cause)
    if after == before:
        return after, ()
    event = SuppressionEvent(shop.clock(), SuppressionChange.ADDED, (cause.reason,), cause.source, cause.by, cause.note)
    return after, entry_writes(shop, address, after, event, item)


def erasing_writes(shop: Shop, address: str) -> list[Write]:
    """The writes after which the address gets no email, and is known by its digest only.

    The history keeps when and why, without notes. Errors attached: `StaleReadError`.
    """
    digest, now = _digest(address), shop.clock()
    item = shop.store.get(schema.suppression_key(digest))
    before = Suppression(address, ()) if item is None else suppression_from(item)
    entry = before.with_cause(Cause(SuppressionReason.MANUAL, now, "erasure")).erased(digest)
    event = SuppressionEvent(now, SuppressionChange.ADDED, (SuppressionReason.MANUAL,), "erasure")
    return entry_writes(shop, address, entry, event, item, silent=True)


def forget_notes(shop: Shop, address: str) -> None:
    """Removes what people noted in the history of an erased address."""
    query = Query(schema.MAIL, schema.suppression_partition(_digest(address)), begins_with=schema.SUPPRESSION_HISTORY)
    for row in (row for row in pages_of(shop.store, query) if "note" in row.item):
        shop.store.update(Update(row.key, remove=["note"], condition=Exists()))


def _add(shop: Shop, address: str, cause: Cause, record: Record = not_recorded) -> Added:
    item = shop.store.get(schema.suppression_key(_digest(address)))
    entry, writes = adding_writes(shop, address, cause, item)
    if writes:
        before = None if item is None else suppression_from(item)
        shop.store.transact([*writes, *record(before, entry)])
    return Added(entry, changed=bool(writes))


def _remove(
    shop: Shop,
    address: str,
    reason: SuppressionReason | None,
    source: str,
    by: str,
    note: str,
    record: Record = not_recorded,
) -> Suppression | None:
    item = shop.store.get(schema.suppression_key(_digest(address)))
    before = None if item is None else suppression_from(item)
    gone = () if before is None else tuple(g.reason for g in before.causes if reason in (None, g.reason))
    if before is None or not gone:
        raise NotFoundError("This address is not on the suppression list.")
    after = before.without(reason)
    event = SuppressionEvent(shop.clock(), SuppressionChange.REMOVED, gone, source, by, note)
    writes = entry_writes(shop, address, after or before, event, item, gone=after is None)
    shop.store.transact([*writes, *record(before, after)])
    return after


def entry_writes(
    shop: Shop,
    address: str,
    entry: Suppression,
    event: SuppressionEvent,
    item: Item | None,
    *,
    gone: bool = False,
    silent: bool = False,
) -> list[Write]:
    """The entry and its history change together, and only if nobody else has changed the entry meanwhile.

    An entry that is `gone` is removed. Error attached: `StaleReadError`.
    """
    digest, stamp = _digest(address), new_entry_id()
    key = schema.suppression_key(digest)
    unmoved = Absent() if item is None else Equals("stamp", stamp_of(item))
    moved = StaleReadError("Someone else changed this address at the same time. Try again.")
    history = schema.suppression_event_key(digest, to_text(event.at), stamp)
    change: Write = (
        Delete(key, unmoved, moved) if gone else Put(key, suppression_item(entry, digest, stamp), unmoved, moved)
    )
    left = () if gone else entry.causes
    news = [] if silent else on_suppression_changed(shop, address, event, left)
    return [change, Put(history, event_item(event)), *news]


def _target(address: str) -> str:
    """What the audit log names an address by: not the address itself."""
    return f"suppression:{_digest(address)}"


def _digest(address: str) -> str:
    return digest_of(email_identity(clean_email(address)))
