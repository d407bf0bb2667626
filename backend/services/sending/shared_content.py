"""What all messages of a campaign share, kept once: the shop's facts, and the template and fields of each variant.

It is written before the first message and never changed, so a message needs to keep only what is its recipient's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import cast

import orjson

from backend.domain.shop import ShopFacts
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


# --- The shop's facts, shared by the messages of a time ----------------------------------------------------------


def facts_digest(facts: ShopFacts) -> str:
    """The name of these facts: the first half of the SHA-256 of their content."""
    return hashlib.sha256(_document(facts)).hexdigest()[:32]


def keep_facts(shop: Shop, facts: ShopFacts) -> str:
    """Keeps the facts, if they are not kept already; returns their digest."""
    digest = facts_digest(facts)
    key = schema.facts_key(digest)
    if shop.store.get(key) is None:
        item: Item = {"facts": _document(facts).decode()}
        shop.store.put(Put(key, item))
    return digest


def read_facts(shop: Shop, digest: str) -> ShopFacts:
    """The facts of this digest.

    Raises: `NotFoundError`.
    """
    return _kept_facts(cast(Hashable, shop.store), digest)


@lru_cache(maxsize=64)
@reads(lambda store, digest: schema.facts_key(digest))
def _kept_facts(store: Hashable, digest: str) -> ShopFacts:
    """They never change, so what was read once is good for as long as the process lives."""
    item = cast(Store, store).get(schema.facts_key(digest))
    if item is None:
        raise NotFoundError("What the shop said about itself when this email was requested no longer exists.")
    return ShopFacts(**orjson.loads(text(item, "facts")))


def _document(facts: ShopFacts) -> bytes:
    return orjson.dumps(asdict(facts), option=orjson.OPT_SORT_KEYS)
