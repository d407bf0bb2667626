"""How fast a campaign goes: a few samples of the last minute, kept by whoever tends it."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import rows
from backend.services.context import Shop
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Item, Key, Put, Value

BETWEEN = timedelta(seconds=3)
WINDOW = timedelta(seconds=60)
_PART = "PACE"


def note_pace(shop: Shop, campaign_id: str, sent: int) -> None:
    """Adds a sample of how many were sent, if the last one is a few seconds old. Of two workers at once one counts."""
    now = shop.clock()
    samples = samples_of(shop, campaign_id)
    if samples and now - samples[-1][0] < BETWEEN:
        return
    kept = [sample for sample in samples if now - sample[0] <= WINDOW]
    kept.append((now, sent))
    values: list[Value] = [[to_text(at), count] for at, count in kept]
    shop.store.put(Put(schema.campaign_part_key(campaign_id, _PART), {"samples": values}))


def samples_of(shop: Shop, campaign_id: str) -> list[tuple[datetime, int]]:
    """Moments, and how many emails had been sent by then; the oldest first."""
    return read_one(shop, schema.campaign_part_key(campaign_id, _PART), _samples_from) or []


@reads(key_given)
def _samples_from(_: Key, item: Item) -> list[tuple[datetime, int]]:
    return [(from_text(str(at)), int(str(count))) for at, count in rows(item, "samples")]
