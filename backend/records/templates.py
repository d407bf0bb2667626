"""Templates as items: immutable versions, the working copy, the state that lists show, and what was sent."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import orjson

from backend.domain.emails import Kind, Need, TemplateFacts, TemplateField, TemplateSource, TemplateVersion
from backend.domain.templates import PARTS, TemplateState, WorkingCopy
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import MalformedItemError, number, optional_text, text, without_empty
from backend.store import schema
from backend.store.port import Item, Key


def version_item(version: TemplateVersion, difference: str) -> Item:
    """A published version. `difference` is the unified diff to the version before."""
    return without_empty(
        {
            **_source_item(version.source),
            "facts": _facts_text(version.facts),
            "number": version.number,
            "published_at": to_text(version.published_at) if version.published_at else None,
            "published_by": version.published_by,
            "note": version.note,
            "difference": zlib.compress(difference.encode()),
        }
    )


@reads(key_given)
def version_from(_: Key, item: Item) -> TemplateVersion:
    published_at = optional_text(item, "published_at")
    return TemplateVersion(
        facts=_facts_from(orjson.loads(text(item, "facts"))),
        number=number(item, "number"),
        source=_source_from(item),
        published_at=from_text(published_at) if published_at else None,
        published_by=text(item, "published_by", ""),
        note=text(item, "note", ""),
    )


@reads(key_given)
def difference_from(_: Key, item: Item) -> str:
    """The unified diff that was kept with a version."""
    packed = item.get("difference")
    if not isinstance(packed, bytes):
        raise MalformedItemError("difference is not binary")
    return zlib.decompress(packed).decode()


def working_copy_item(copy: WorkingCopy) -> Item:
    return without_empty(
        {
            **_source_item(copy.source),
            "revision": copy.revision,
            "base": copy.base,
            "edited_by": copy.edited_by,
            "edited_at": to_text(copy.edited_at),
        }
    )


@reads(lambda name, item: schema.working_copy_key(name))
def working_copy_from(name: str, item: Item) -> WorkingCopy:
    return WorkingCopy(
        name=name,
        source=_source_from(item),
        revision=number(item, "revision"),
        base=number(item, "base", 0),
        edited_by=text(item, "edited_by", ""),
        edited_at=from_text(text(item, "edited_at")),
    )


@reads(lambda facts, item: schema.template_key(facts.name))
def state_from(facts: TemplateFacts, item: Item | None) -> TemplateState:
    """The state of a template; without an item nobody has ever edited it."""
    state = TemplateState(facts)
    if item is None:
        return state
    published_at, edited_at = optional_text(item, "published_at"), optional_text(item, "edited_at")
    return replace(
        state,
        number=number(item, "number", 0),
        published_at=from_text(published_at) if published_at else None,
        published_by=text(item, "published_by", ""),
        note=text(item, "note", ""),
        edited_by=text(item, "edited_by", ""),
        edited_at=from_text(edited_at) if edited_at else None,
    )


def edition_document(layout: Mapping[str, str], version: TemplateVersion) -> bytes:
    """A version together with the files of its layout. The same content gives the same bytes."""
    content = {"layout": layout, "source": asdict(version.source), "facts": asdict(version.facts)}
    return orjson.dumps({**content, "number": version.number}, option=orjson.OPT_SORT_KEYS)


def edition_item(document: bytes) -> Item:
    return {"document": zlib.compress(document)}


@reads(key_given)
def edition_from(_: Key, item: Item) -> tuple[dict[str, str], TemplateVersion]:
    packed = item.get("document")
    if not isinstance(packed, bytes):
        raise MalformedItemError("document is not binary")
    written = orjson.loads(zlib.decompress(packed))
    source = TemplateSource(**written["source"])
    return written["layout"], TemplateVersion(_facts_from(written["facts"]), written["number"], source)


def _source_item(source: TemplateSource) -> Item:
    return {name: getattr(source, name) for name in PARTS}


def _source_from(item: Item) -> TemplateSource:
    return TemplateSource(**{name: text(item, name, "") for name in PARTS})


def _facts_text(facts: TemplateFacts) -> str:
    return orjson.dumps(asdict(facts)).decode()


def _facts_from(written: Mapping[str, Any]) -> TemplateFacts:
    return TemplateFacts(
        name=written["name"],
        title=written["title"],
        purpose=written["purpose"],
        kind=Kind(written["kind"]),
        needs=tuple(Need(need) for need in written["needs"]),
        topic=written["topic"],
        fields=tuple(TemplateField(**field) for field in written["fields"]),
    )
