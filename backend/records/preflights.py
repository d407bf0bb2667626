"""Preflights of campaigns as items: what is counted, and apart from it the broken recipients that are listed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import orjson

from backend.domain.campaign_figures import Broken, Preflight, PreflightStatus
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import MalformedItemError, number, optional_text, text, without_empty
from backend.store.port import Item, Key

LIST = "PREFLIGHTS"
"""The partition of preflights that wait for a worker."""


def preflight_item(preflight: Preflight) -> Item:
    return without_empty(
        {
            "status": preflight.status.value,
            "content": preflight.content,
            "asked_at": to_text(preflight.asked_at),
            "finished_at": _moment(preflight.finished_at),
            "checked": preflight.checked,
            "total": preflight.total,
            "recipients": preflight.recipients,
            "holdout": preflight.holdout,
            "excluded": dict(preflight.excluded),
            "broken": preflight.broken,
            "broken_fields": dict(preflight.broken_fields),
            "empty_fields": dict(preflight.empty_fields),
            "as_of": _moment(preflight.as_of),
            "milliseconds": round(preflight.seconds * 1000),
            "error": preflight.error,
        }
    )


@reads(key_given)
def preflight_from(_: Key, item: Item, listed: Sequence[Broken] = ()) -> Preflight:
    return Preflight(
        status=PreflightStatus(text(item, "status")),
        content=number(item, "content"),
        asked_at=from_text(text(item, "asked_at")),
        finished_at=_read_moment(item, "finished_at"),
        checked=number(item, "checked", 0),
        total=number(item, "total", 0),
        recipients=number(item, "recipients", 0),
        holdout=number(item, "holdout", 0),
        excluded=_counts(item, "excluded"),
        broken=number(item, "broken", 0),
        broken_fields=_counts(item, "broken_fields"),
        empty_fields=_counts(item, "empty_fields"),
        listed=tuple(listed),
        as_of=_read_moment(item, "as_of"),
        seconds=number(item, "milliseconds", 0) / 1000,
        error=text(item, "error", ""),
    )


def broken_item(broken: Sequence[Broken]) -> Item:
    """Compressed, because a thousand sentences are much alike."""
    rows = [[each.customer_id, each.name, each.field, each.sentence] for each in broken]
    return {"list": zlib.compress(orjson.dumps(rows))}


@reads(key_given)
def broken_from(_: Key, item: Item) -> list[Broken]:
    packed = item.get("list", b"")
    if not isinstance(packed, bytes):
        raise MalformedItemError("list is not bytes")
    return [Broken(*map(str, row)) for row in orjson.loads(zlib.decompress(packed))]


def _counts(item: Mapping[str, object], name: str) -> dict[str, int]:
    value = item.get(name, {})
    if not isinstance(value, dict):
        raise MalformedItemError(f"{name} is not a map")
    return {key: count for key, count in value.items() if isinstance(count, int)}


def _moment(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _read_moment(item: Item, name: str) -> datetime | None:
    value = optional_text(item, name)
    return from_text(value) if value else None
