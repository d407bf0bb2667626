"""Short ways to edited and published templates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backend.domain.emails import TemplateSource, TemplateVersion
from backend.domain.templates import WorkingCopy
from backend.services.context import Shop
from backend.services.templates import catalogue, versions
from tests.support import STAFF


def edited(shop: Shop, name: str, *, source: TemplateSource | None = None, **parts: Any) -> WorkingCopy:
    """A working copy in which these parts differ from the version in use; of code, unless the parts are blocks."""
    before = versions.get_working_copy(shop, name)
    source = source or replace(catalogue.current_version(shop, name).source, **{"blocks": "", **parts})
    revision = before.revision if before else 0
    return versions.save_working_copy(shop, STAFF, name, source, seen_revision=revision)


def published(shop: Shop, name: str, *, note: str = "", **parts: Any) -> TemplateVersion:
    """A version in which these parts differ from the one before it."""
    copy = edited(shop, name, **parts)
    number = catalogue.state_of(shop, name).number
    return versions.publish(shop, STAFF, name, seen_revision=copy.revision, seen_number=number, note=note or "Test")
