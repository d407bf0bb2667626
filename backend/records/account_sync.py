"""The comparison with the account's suppression list, and the work on it, as items."""

from __future__ import annotations

import orjson

from backend.domain.account_sync import Comparison, SampleLine, Sync, SyncDeed, SyncState
from backend.domain.suppression import SuppressionReason
from backend.domain.team import Role
from backend.domain.time import from_text, to_text
from backend.records.conversion import reads
from backend.records.values import MalformedItemError, number, optional_text, text, without_empty
from backend.store import schema
from backend.store.port import Item


def sync_item(sync: Sync) -> Item:
    return without_empty(
        {
            "id": sync.id,
            "deed": sync.deed.value,
            "requested_by": sync.requested_by,
            "role": sync.role.value,
            "asked_at": to_text(sync.asked_at),
            "state": sync.state.value,
            "seen": sync.seen,
            "changed": sync.changed,
            "cursor": sync.cursor,
            "error": sync.error,
            "lease_until": to_text(sync.lease_until) if sync.lease_until else None,
        }
    )


@reads(lambda item: schema.meta_key("account-sync"))
def sync_from(item: Item) -> Sync:
    lease = optional_text(item, "lease_until")
    return Sync(
        id=text(item, "id"),
        deed=SyncDeed(text(item, "deed")),
        requested_by=text(item, "requested_by", ""),
        role=Role(text(item, "role")),
        asked_at=from_text(text(item, "asked_at")),
        state=SyncState(text(item, "state")),
        seen=number(item, "seen", 0),
        changed=number(item, "changed", 0),
        cursor=optional_text(item, "cursor"),
        error=text(item, "error", ""),
        lease_until=from_text(lease) if lease else None,
    )


def comparison_item(found: Comparison) -> Item:
    sample = [[line.address, line.reason.value, line.here] for line in found.sample]
    return {
        "at": to_text(found.at),
        "there": found.there,
        "missing_here": found.missing_here,
        "ours": found.ours,
        "sample": orjson.dumps(sample),
    }


@reads(lambda item: schema.meta_key("account-comparison"))
def comparison_from(item: Item) -> Comparison:
    sample = item.get("sample", b"")
    if not isinstance(sample, bytes):
        raise MalformedItemError("sample is not bytes")
    lines = (SampleLine(address, SuppressionReason(reason), here) for address, reason, here in orjson.loads(sample))
    return Comparison(
        from_text(text(item, "at")),
        number(item, "there"),
        number(item, "missing_here"),
        number(item, "ours"),
        tuple(lines),
    )
