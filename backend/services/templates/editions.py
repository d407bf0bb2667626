"""Templates exactly as they were when something was sent, kept once for all messages that share one.

A message's version says which copy it was; the layout around it, and version 0 itself, change when Tillpost is
updated. So whoever sends keeps the edition, and with it, the data and the shop's facts gets the same email to the byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from dataclasses import asdict
from functools import lru_cache
from typing import cast

from backend.domain.emails import TemplateVersion
from backend.email.rendering.mjml import Layout
from backend.errors import NotFoundError
from backend.records.templates import edition_document, edition_from, edition_item
from backend.services.context import Shop
from backend.services.templates import catalogue
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Put, Store


def keep_edition(shop: Shop, version: TemplateVersion) -> str:
    """Keeps the version with the layout of today, if that is not kept already; returns its digest."""
    return _kept(cast(Hashable, shop.store), catalogue.layout(shop), version)


def read_edition(shop: Shop, digest: str) -> tuple[Layout, TemplateVersion]:
    """The layout and the version of a digest, ready to be rendered.

    Raises: `NotFoundError`.
    """
    return _read(cast(Hashable, shop.store), digest)


@lru_cache(maxsize=256)
def _kept(store: Hashable, layout: Layout, version: TemplateVersion) -> str:
    document = edition_document(asdict(layout), version)
    digest = hashlib.sha256(document).hexdigest()[:32]
    key = schema.edition_key(digest)
    with access_pattern("keep what was sent"):
        if cast(Store, store).get(key) is None:
            # Put without a condition: whoever is faster writes the same bytes.
            cast(Store, store).put(Put(key, edition_item(document)))
    return digest


@lru_cache(maxsize=64)
def _read(store: Hashable, digest: str) -> tuple[Layout, TemplateVersion]:
    key = schema.edition_key(digest)
    item = cast(Store, store).get(key)
    if item is None:
        raise NotFoundError("The template that this email was made from no longer exists.")
    layout, version = edition_from(key, item)
    return Layout(**layout), version
