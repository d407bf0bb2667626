"""What all messages of a campaign share, kept once: the shop's facts, and the template and fields of each variant.

It is written before the first message and never changed, so a message needs to keep only what is its recipient's own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from backend.errors import NotFoundError
from backend.records.conversion import reads
from backend.records.values import MalformedItemError, text
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Item, Put, Store

_PART = "CONTENT"


@dataclass(frozen=True, slots=True)
class Content:
    """`facts` and `editions` (by variant) are digests, as in a message. `fields` are those of each variant."""

    fields: Mapping[str, Mapping[str, str]]
    facts: str
    editions: Mapping[str, str]


def content_put(campaign_id: str, content: Content) -> Put:
    """The write that keeps it."""
    item: Item = {
        "texts": {f"v{variant}": dict(fields) for variant, fields in content.fields.items()},
        "facts": content.facts,
        "editions": {f"v{variant}": digest for variant, digest in content.editions.items()},
    }
    return Put(schema.campaign_part_key(campaign_id, _PART), item)


def read_content(shop: Shop, campaign_id: str) -> Content:
    """Raises: `NotFoundError`."""
    return _read(cast(Hashable, shop.store), campaign_id)


@lru_cache(maxsize=64)
@reads(lambda store, campaign_id: schema.campaign_part_key(campaign_id, _PART))
def _read(store: Hashable, campaign_id: str) -> Content:
    item = cast(Store, store).get(schema.campaign_part_key(campaign_id, _PART))
    if item is None:
        raise NotFoundError("What this campaign sent no longer exists.")
    editions = {name.removeprefix("v"): str(digest) for name, digest in _map(item, "editions").items()}
    shared = _texts(_map(item, "fields"))  # campaigns that were begun when all variants had the same fields
    own = {name.removeprefix("v"): _texts(_map(_map(item, "texts"), name)) for name in _map(item, "texts")}
    return Content({variant: own.get(variant, shared) for variant in editions}, text(item, "facts"), editions)


def _map(item: Item, name: str) -> Item:
    value = item.get(name, {})
    if not isinstance(value, dict):
        raise MalformedItemError(f"{name} is not a map")
    return value


def _texts(item: Item) -> dict[str, str]:
    return {key: str(each) for key, each in item.items()}
