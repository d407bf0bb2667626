"""Templates: what there is, which version is in use, and rendering it.

Version 0 of each is a folder of `email_templates/`; later versions are published in the dashboard and live in the
store. A template whose folder is gone can still be read, because messages point to its versions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any, cast

from backend.domain.emails import Rendered, TemplateVersion
from backend.domain.templates import TemplateState
from backend.email.rendering import renderer
from backend.email.rendering.mjml_scan import Layout
from backend.email.template_files import TemplateFiles, read_templates
from backend.errors import NotFoundError
from backend.records.templates import edition_document, edition_from, edition_item, state_from, version_from
from backend.services.context import Shop
from backend.services.templates import catalogue
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Put, Query, Store, pages_of


def files(shop: Shop) -> TemplateFiles:
    """The layout, version 0 and sample of each template.

    Raises: `ConfigurationError` when the folder is damaged.
    """
    return read_templates(shop.templates_dir)


def list_templates(shop: Shop) -> list[TemplateState]:
    """All templates by kind and title, with the version in use and who is editing."""
    query = Query(schema.SHOP, "TEMPLATES", limit=200)
    versions = files(shop).versions
    states = {name: state_from(version.facts, None) for name, version in versions.items()}
    rows = (row for row in pages_of(shop.store, query) if row.key.sk in versions)
    edited = readable_rows(shop, rows, lambda row: (row.key.sk, state_from(versions[row.key.sk].facts, row.item)))
    states |= dict(edited)
    return sorted(states.values(), key=lambda state: (state.facts.kind, state.facts.title))


def state_of(shop: Shop, name: str) -> TemplateState:
    """One template as `list_templates` shows it.

    Raises: `NotFoundError`.
    """
    return state_from(_first(shop, name).facts, shop.store.get(schema.template_key(name)))


def current_version(shop: Shop, name: str) -> TemplateVersion:
    """The version in use: the last that was published, or the one in the repository.

    Raises: `NotFoundError`.
    """
    return version(shop, name, state_of(shop, name).number)


def version(shop: Shop, name: str, number: int) -> TemplateVersion:
    """Any version. Published ones never change, so each process reads them once.

    Raises: `NotFoundError`.
    """
    return _first(shop, name) if number == 0 else _published(cast(Hashable, shop.store), name, number)


def topic_of(shop: Shop, name: str) -> str:
    """What a customer can switch off; "" for transactional templates and for those that are gone."""
    first = files(shop).versions.get(name)
    return first.facts.topic if first else ""


def render(shop: Shop, shown: TemplateVersion, data: Mapping[str, Any]) -> Rendered:
    """The email in the layout of today.

    Raises: `TemplateError`.
    """
    return renderer.render(layout(shop), shown, data)


def layout(shop: Shop) -> Layout:
    return files(shop).layout


def _first(shop: Shop, name: str) -> TemplateVersion:
    found = files(shop).versions.get(name)
    if found is None:
        raise NotFoundError(f"There is no template “{name[:60]}”.")
    return found


@lru_cache(maxsize=256)
def _published(store: Hashable, name: str, number: int) -> TemplateVersion:
    key = schema.template_version_key(name, number)
    item = cast(Store, store).get(key)
    if item is None:
        raise NotFoundError(f"There is no version {number} of the template “{name[:60]}”.")
    return version_from(key, item)


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
