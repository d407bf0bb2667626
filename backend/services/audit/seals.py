"""Seals of the audit log: a chain of digests, one for each day, by which a later change of an entry is noticed.

Entries are written in the transactions of their actions, by many processes at once, so no entry can name the one before
it without making all of them wait for each other. Instead a worker seals each day (UTC) once it is over: the number
of its entries, a digest of all, and the digest of the chain so far. The chain is also signed with the installation's
key, which is not in the store.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta

from backend.domain.audit import AuditSeal
from backend.domain.team import Actor, Permission
from backend.errors import ConditionFailedError
from backend.records.conversion import key_given, reads
from backend.records.system import entry_digest, seal_from, seal_item
from backend.records.values import text
from backend.secret_file import accepted
from backend.services.context import Shop
from backend.services.unreadable.items import read_one, readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Item, Key, Put, Query, pages_of

_LATE = timedelta(hours=2)
"""After the end of a day, in which an entry of that day may still be on its way."""
_DAY = timedelta(days=1)
_CHUNK = 500
_REMOVED = schema.meta_key("audit-removed")


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check found. `since` and `until` are the first and last sealed days; entries outside of them are not
    covered. `faults` are sentences."""

    since: str = ""
    until: str = ""
    entries: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """What was found, where nothing is wrong."""
        if not self.since:
            return "No day is sealed yet: a worker does it two hours after the day (UTC) is over."
        entries = f"{self.entries:,} entries of {self.since} to {self.until} are as they were sealed."
        return f"{entries} Entries from before and after are not sealed."


def seal_days(shop: Shop, key: bytes) -> int:
    """Seals the days that are over and not sealed yet, in their order; returns how many.

    The first seal is that of yesterday: entries from before are not covered. Of several at once one writes a seal.
    """
    over = (shop.clock().astimezone(UTC) - _LATE).date() - _DAY
    day, chain = _next_after_last(shop, key, over)
    sealed = 0
    while day <= over:
        seal = _seal_of(shop, key, day, chain)
        try:
            with access_pattern("seal the audit log"):
                shop.store.put(Put(schema.audit_seal_key(seal.day), seal_item(seal), Absent()))
        except ConditionFailedError:  # somebody else did
            return sealed
        day, chain, sealed = day + _DAY, seal.chain, sealed + 1
    return sealed


def verify(shop: Shop, actor: Actor, key: bytes, *, since: str = "") -> Verification:
    """Follows the chain of the seals from the day `since` ("2026-11-26") on, and compares the entries with them.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_AUDIT)
    faults: list[str] = []
    entries, first, before = 0, "", None
    unsigned: list[str] = []
    kept_from = _removed_until(shop, key)
    for seal in _seals(shop):
        if seal.day >= since:
            faults += _broken_links(seal, before)
        if seal.day >= max(since, kept_from):
            count, digest = _read_day(shop, seal.day)
            entries += count
            faults += _changes(seal, count, digest)
        # A signature holds for all that it follows, so those of keys that are gone are covered by a later one.
        unsigned = [] if _is_signed(seal, key) else [*unsigned, seal.day]
        first, before = first or seal.day, seal
    if unsigned:
        faults.append(f"The seals from {unsigned[0]} on are signed with a key that is not known here.")
    return Verification(first, before.day if before else "", entries, faults)


def mark_removed(shop: Shop, key: bytes, until: date) -> None:
    """Notes that entries of the days before `until` are removed on purpose. The mark is signed, and only moves on."""
    if until.isoformat() > _removed_until(shop, key):
        signature = _signature(key, _mark(until.isoformat()))
        shop.store.put(Put(_REMOVED, {"until": until.isoformat(), "signature": signature}))


def _removed_until(shop: Shop, key: bytes) -> str:
    """The day from which on entries are kept, or ""; a mark that was not signed here counts for nothing."""
    until, signature = read_one(shop, _REMOVED, _mark_from) or ("", "")
    is_ours = any(hmac.compare_digest(_signature(each, _mark(until)), signature) for each in accepted(key))
    return until if is_ours else ""


@reads(key_given)
def _mark_from(_: Key, item: Item) -> tuple[str, str]:
    return text(item, "until", ""), text(item, "signature", "")


def _mark(until: str) -> str:
    return f"removed before {until}"


def _broken_links(seal: AuditSeal, before: AuditSeal | None) -> Iterator[str]:
    if before is not None and date.fromisoformat(seal.day) != date.fromisoformat(before.day) + _DAY:
        yield f"The seals between {before.day} and {seal.day} are missing."
    elif before is not None and seal.previous != before.chain:
        yield f"The seal of {seal.day} does not follow that of {before.day}."
    if seal.chain != _chain(seal.previous, seal.day, seal.count, seal.digest):
        yield f"The seal of {seal.day} was changed."


def _changes(seal: AuditSeal, count: int, digest: str) -> Iterator[str]:
    if count < seal.count:
        yield f"{seal.day}: {seal.count - count:,} of {seal.count:,} entries are missing."
    elif count > seal.count:
        yield f"{seal.day}: {count - seal.count:,} entries were added after the day was sealed."
    elif digest != seal.digest:
        yield f"{seal.day}: an entry was changed."


def _next_after_last(shop: Shop, key: bytes, over: date) -> tuple[date, str]:
    """The day to be sealed next, and what its seal follows: nothing that cannot be read, or was not signed by us."""
    query = Query(schema.SHOP, schema.AUDIT_SEALS, descending=True, limit=1, consistent=True)
    rows = shop.store.query(query).rows
    if not rows:
        return over, ""
    last = [*readable_rows(shop, rows, seal_from)]
    return date.fromisoformat(rows[0].key.sk) + _DAY, last[0].chain if last and _is_signed(last[0], key) else ""


def _seal_of(shop: Shop, key: bytes, day: date, previous: str) -> AuditSeal:
    count, digest = _read_day(shop, day.isoformat())
    chain = _chain(previous, day.isoformat(), count, digest)
    return AuditSeal(day.isoformat(), shop.clock(), count, digest, previous, chain, _signature(key, chain))


def _read_day(shop: Shop, day: str) -> tuple[int, str]:
    """The number of the entries of a day, and a digest of them in the order of their keys."""
    query = Query(schema.SHOP, schema.audit_partition(day[:7]), between=(day, f"{day}~"), limit=_CHUNK, consistent=True)
    count, whole = 0, hashlib.sha256()
    for row in pages_of(shop.store, query):
        whole.update(entry_digest(row))
        count += 1
    return count, whole.hexdigest()


def _seals(shop: Shop) -> Iterator[AuditSeal]:
    query = Query(schema.SHOP, schema.AUDIT_SEALS, limit=_CHUNK, consistent=True)
    return iter(readable_rows(shop, pages_of(shop.store, query), seal_from))


def _chain(previous: str, day: str, count: int, digest: str) -> str:
    return hashlib.sha256(f"{previous} {day} {count} {digest}".encode()).hexdigest()


def _is_signed(seal: AuditSeal, key: bytes) -> bool:
    return any(hmac.compare_digest(_signature(each, seal.chain), seal.signature) for each in accepted(key))


def _signature(key: bytes, chain: str) -> str:
    return hmac.new(key, chain.encode(), hashlib.sha256).hexdigest()
