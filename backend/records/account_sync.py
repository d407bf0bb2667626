"""The comparison with the account's suppression list, and the work on it, as items."""

from __future__ import annotations

from backend.domain.account_sync import Comparison, SampleLine, Sync
from backend.records.conversion import reads
from backend.records.declared import Record, packed, rows
from backend.store import schema
from backend.store.port import Item

_SYNC = Record(Sync, blank=("requested_by",), needed=("state",), action="deed")
_COMPARISON = Record(Comparison, needed=("sample",), keep_empty=True, sample=packed(rows(SampleLine)))


def sync_item(sync: Sync) -> Item:
    return _SYNC.item(sync)


@reads(lambda item: schema.meta_key("account-sync"))
def sync_from(item: Item) -> Sync:
    return _SYNC.read(item)


def comparison_item(found: Comparison) -> Item:
    return _COMPARISON.item(found)


@reads(lambda item: schema.meta_key("account-comparison"))
def comparison_from(item: Item) -> Comparison:
    return _COMPARISON.read(item)
