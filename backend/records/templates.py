"""Templates as items: immutable versions, the working copy, the state that lists show, and what was sent."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import orjson

from backend.domain.emails import TemplateFacts, TemplateSource, TemplateVersion
from backend.domain.templates import PARTS, TemplateState, WorkingCopy
from backend.records.conversion import key_given, reads
from backend.records.declared import Record, made_of, plain
from backend.records.values import binary, text
from backend.store import schema
from backend.store.port import Item, Key

_VERSION = Record(TemplateVersion, given=("facts", "source"))
_WORKING_COPY = Record(WorkingCopy, given=("name", "source"), blank=("base", "edited_by"))
_STATE = Record(TemplateState, given=("facts",))


def version_item(version: TemplateVersion, difference: str) -> Item:
    """A published version. `difference` is the unified diff to the version before."""
    return _VERSION.item(
        version,
        **_source_item(version.source),
        facts=orjson.dumps(plain(version.facts)).decode(),
        difference=zlib.compress(difference.encode()),
    )


@reads(key_given)
def version_from(_: Key, item: Item) -> TemplateVersion:
    facts = made_of(TemplateFacts, orjson.loads(text(item, "facts")))
    return _VERSION.read(item, facts=facts, source=_source_from(item))


@reads(key_given)
def difference_from(_: Key, item: Item) -> str:
    """The unified diff that was kept with a version."""
    return zlib.decompress(binary(item, "difference")).decode()


def working_copy_item(copy: WorkingCopy) -> Item:
    return _WORKING_COPY.item(copy, **_source_item(copy.source))


@reads(lambda name, item: schema.working_copy_key(name))
def working_copy_from(name: str, item: Item) -> WorkingCopy:
    return _WORKING_COPY.read(item, name=name, source=_source_from(item))


@reads(lambda facts, item: schema.template_key(facts.name))
def state_from(facts: TemplateFacts, item: Item | None) -> TemplateState:
    """The state of a template; without an item it was never edited."""
    return TemplateState(facts) if item is None else _STATE.read(item, facts=facts)


def edition_document(layout: Mapping[str, str], version: TemplateVersion) -> bytes:
    """A version with the files of its layout, without the blocks of its body. The same content gives the same bytes."""
    source = {part: text for part, text in plain(version.source).items() if part != "blocks"}
    content = {"layout": layout, "source": source, "facts": plain(version.facts)}
    return orjson.dumps({**content, "number": version.number}, option=orjson.OPT_SORT_KEYS)


def edition_item(document: bytes) -> Item:
    return {"document": zlib.compress(document)}


@reads(key_given)
def edition_from(_: Key, item: Item) -> tuple[dict[str, str], TemplateVersion]:
    written = orjson.loads(zlib.decompress(binary(item, "document")))
    source = made_of(TemplateSource, written["source"])
    return written["layout"], TemplateVersion(made_of(TemplateFacts, written["facts"]), written["number"], source)


def _source_item(source: TemplateSource) -> Item:
    return {name: getattr(source, name) for name in PARTS if name != "blocks" or source.blocks}


def _source_from(item: Item) -> TemplateSource:
    return TemplateSource(**{name: text(item, name, "") for name in PARTS})
