"""Preflights of campaigns as items: what is counted, and apart from it the broken recipients that are listed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import orjson

from backend.domain.campaign_figures import Broken, Preflight
from backend.records.conversion import key_given, reads
from backend.records.declared import Record, parts, rows
from backend.records.values import binary
from backend.store.port import Item, Key

LIST = "PREFLIGHTS"
"""The partition of preflights that wait for a worker."""

_PREFLIGHT = Record(Preflight, given=("listed", "is_current"), seconds=parts(1000, "milliseconds"))
_BROKEN = rows(Broken)

preflight_item = _PREFLIGHT.item


@reads(key_given)
def preflight_from(_: Key, item: Item, listed: Sequence[Broken] = ()) -> Preflight:
    return _PREFLIGHT.read(item, listed=tuple(listed), is_current=True)


def broken_item(broken: Sequence[Broken]) -> Item:
    """Compressed, because a thousand sentences are much alike."""
    return {"list": zlib.compress(orjson.dumps(_BROKEN.write(broken)))}


@reads(key_given)
def broken_from(_: Key, item: Item) -> list[Broken]:
    return list(_BROKEN.read(orjson.loads(zlib.decompress(binary(item, "list")))))
