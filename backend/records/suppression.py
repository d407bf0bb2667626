"""Entries of the suppression list, their history, and the comparison with the account's own list as items."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from backend.domain.account_sync import Comparison, SampleLine, Sync
from backend.domain.suppression import Cause, Suppression, SuppressionEvent
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_of_row, reads
from backend.records.declared import Record, packed, rows
from backend.records.values import MalformedItemError, text
from backend.store import schema
from backend.store.port import Item, Row

_CAUSE = Record(Cause)
_ENTRY = Record(Suppression, causes="grounds")
_EVENT = Record(SuppressionEvent, given=("at",))


def digest_of(identity: str) -> str:
    """The digest of an address, which keys have in its place: short, and always of the same length."""
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def suppression_item(entry: Suppression, digest: str, stamp: str) -> Item:
    """The item of an entry. `stamp` differs with each write, so that a write notices another one in between."""
    return _ENTRY.item(
        entry,
        stamp=stamp,
        line=schema.suppression_line(entry.reason.value),
        line_at=schema.place_of(to_text(entry.at), digest),
    )


@reads(lambda item: schema.suppression_key(digest_of(str(item.get("address")))))
def suppression_from(item: Item) -> Suppression:
    entry = _ENTRY.read(item)
    if not entry.causes:
        raise MalformedItemError("grounds is empty")
    return entry


def stamp_of(item: Item) -> str:
    return text(item, "stamp")


def fields_of(entry: Suppression | None) -> Item:
    """What a recorded change may touch of an entry, as its item holds it; None is no entry."""
    return {"grounds": [] if entry is None else _ENTRY.attributes(entry)["grounds"]}


def reasons_in(fields: Mapping[str, Any]) -> tuple[Cause, ...]:
    """The causes that `fields_of` gave; there may be none."""
    return _ENTRY.read({"address": "", **fields}).causes


event_item = _EVENT.item


@reads(key_of_row)
def event_from(row: Row) -> SuppressionEvent:
    return _EVENT.read(row.item, at=from_text(schema.moment_of_suppression_event(row.key)))


_SYNC = Record(Sync, blank=("requested_by",), needed=("state",), action="deed")
_COMPARISON = Record(Comparison, needed=("sample",), keep_empty=True, sample=packed(rows(SampleLine)))

sync_item = _SYNC.item


@reads(lambda item: schema.meta_key("account-sync"))
def sync_from(item: Item) -> Sync:
    return _SYNC.read(item)


comparison_item = _COMPARISON.item


@reads(lambda item: schema.meta_key("account-comparison"))
def comparison_from(item: Item) -> Comparison:
    return _COMPARISON.read(item)
