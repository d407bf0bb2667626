"""How entries of the suppression list, and their history, are written down as items of the store."""

from __future__ import annotations

import hashlib

from backend.domain.suppression import Ground, Suppression, SuppressionChange, SuppressionEvent, SuppressionReason
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_of_row, reads
from backend.records.values import MalformedItemError, items, text, texts, without_empty
from backend.store import schema
from backend.store.port import Item, Row, Value


def digest_of(identity: str) -> str:
    """What stands for an address in keys: short, and of one length whatever the address."""
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


def suppression_item(entry: Suppression, digest: str, stamp: str) -> Item:
    """The item of an entry. `stamp` differs with each write, so that a write can tell whether another came between."""
    return {
        "address": entry.address,
        "grounds": [_ground_item(ground) for ground in entry.grounds],
        "stamp": stamp,
        "line": schema.suppression_line(entry.reason.value),
        "line_at": f"{to_text(entry.at)}#{digest}",
    }


@reads(lambda item: schema.suppression_key(digest_of(str(item.get("address")))))
def suppression_from(item: Item) -> Suppression:
    grounds = tuple(_ground_from(ground) for ground in items(item, "grounds"))
    if not grounds:
        raise MalformedItemError("grounds is empty")
    return Suppression(text(item, "address"), grounds)


def stamp_of(item: Item) -> str:
    return text(item, "stamp")


def event_item(event: SuppressionEvent) -> Item:
    return without_empty(
        {
            "change": event.change.value,
            "reasons": list[Value](event.reasons),
            "source": event.source,
            "by": event.by,
            "note": event.note,
        }
    )


@reads(key_of_row)
def event_from(row: Row) -> SuppressionEvent:
    item = row.item
    return SuppressionEvent(
        at=from_text(row.key.sk.split("#")[1]),
        change=SuppressionChange(text(item, "change")),
        reasons=tuple(SuppressionReason(reason) for reason in texts(item, "reasons")),
        source=text(item, "source"),
        by=text(item, "by", ""),
        note=text(item, "note", ""),
    )


def _ground_item(ground: Ground) -> Item:
    return without_empty(
        {
            "reason": ground.reason.value,
            "at": to_text(ground.at),
            "source": ground.source,
            "by": ground.by,
            "note": ground.note,
        }
    )


def _ground_from(item: Item) -> Ground:
    return Ground(
        reason=SuppressionReason(text(item, "reason")),
        at=from_text(text(item, "at")),
        source=text(item, "source"),
        by=text(item, "by", ""),
        note=text(item, "note", ""),
    )
