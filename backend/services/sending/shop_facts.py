"""The shop's facts as they were when a message was requested, kept once for all messages that share them."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import asdict
from functools import lru_cache
from typing import cast

import orjson

from backend.domain.shop import ShopFacts
from backend.errors import NotFoundError
from backend.records.conversion import reads
from backend.records.values import text
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import Item, Put, Store


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
    return _read(cast(Hashable, shop.store), digest)


@lru_cache(maxsize=64)
@reads(lambda store, digest: schema.facts_key(digest))
def _read(store: Hashable, digest: str) -> ShopFacts:
    """They never change, so what was read once is good for as long as the process lives."""
    item = cast(Store, store).get(schema.facts_key(digest))
    if item is None:
        raise NotFoundError("What the shop said about itself when this email was requested no longer exists.")
    return ShopFacts(**orjson.loads(text(item, "facts")))


def _document(facts: ShopFacts) -> bytes:
    return orjson.dumps(asdict(facts), option=orjson.OPT_SORT_KEYS)
