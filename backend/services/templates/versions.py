"""Editing templates: one working copy each, which becomes an immutable version when somebody publishes it.

Nothing is ever overwritten: whoever saves, publishes or restores says what they have seen, and learns when somebody
else was faster. Publishing is one transaction, so that there is never half a version.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.emails import TemplateSource, TemplateVersion
from backend.domain.team import Actor, Permission
from backend.domain.templates import WorkingCopy, clean_source, difference
from backend.domain.text import clean_line
from backend.domain.time import to_text
from backend.email.blocks.sources import with_body
from backend.errors import BackendError, ConflictError, InvalidInputError, NotFoundError
from backend.records.templates import difference_from, version_from, version_item, working_copy_from, working_copy_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.templates import catalogue
from backend.services.templates.previews import problems_of
from backend.services.unreadable.items import read_one, readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import (
    Absent,
    Condition,
    Delete,
    Equals,
    Item,
    Key,
    Missing,
    Put,
    Query,
    Update,
    Write,
    pages_of,
)


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """A version in the list of versions, with the unified diff to the one before it."""

    version: TemplateVersion
    difference: str = ""


def get_working_copy(shop: Shop, name: str) -> WorkingCopy | None:
    """The draft of a template, or None when nobody is editing it, or it cannot be read."""
    return read_one(shop, schema.working_copy_key(name), lambda _, item: working_copy_from(name, item))


def save_working_copy(
    shop: Shop, actor: Actor, name: str, source: TemplateSource, *, seen_revision: int
) -> WorkingCopy:
    """Keeps a draft, also one that does not render yet. `seen_revision` is 0 for whoever begins one.

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError`, `ConflictError` (somebody saved meanwhile).
    """
    actor.require(Permission.EDIT_TEMPLATES)
    state, before = catalogue.state_of(shop, name), _seen(shop, name, seen_revision)
    copy = WorkingCopy(
        name=name,
        source=clean_source(with_body(source, state.facts)),
        revision=seen_revision + 1,
        base=before.base if before else state.number,
        edited_by=actor.username,
        edited_at=shop.clock(),
    )
    editing = {"edited_by": actor.username, "edited_at": to_text(copy.edited_at)}
    put = Put(schema.working_copy_key(name), working_copy_item(copy), _unmoved(seen_revision), _overtaken())
    with access_pattern("edit a template"):
        shop.store.transact([put, Update(schema.template_key(name), set=editing)])
    return copy


def discard_working_copy(shop: Shop, actor: Actor, name: str, *, seen_revision: int) -> None:
    """Throws the draft away.

    Raises: `PermissionDeniedError`, `ConflictError`.
    """
    actor.require(Permission.EDIT_TEMPLATES)
    _seen(shop, name, seen_revision)
    with access_pattern("edit a template"):
        shop.store.transact(
            [
                Delete(schema.working_copy_key(name), _unmoved(seen_revision), _overtaken()),
                Update(schema.template_key(name), remove=("edited_by", "edited_at")),
            ]
        )


def publish(shop: Shop, actor: Actor, name: str, *, seen_revision: int, seen_number: int, note: str) -> TemplateVersion:
    """Makes the draft the version in use. `seen_number` is the version that the person compared it with.

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError` (nothing changed, or it must not be sent:
    it does not render, or it is marketing without a way out or without a postal address), `ConflictError`.
    """
    actor.require(Permission.EDIT_TEMPLATES)
    copy = _seen(shop, name, seen_revision)
    if copy is None:
        raise NotFoundError("There is nothing to publish: nobody is editing this template.")
    drop = Delete(schema.working_copy_key(name), _unmoved(seen_revision), _overtaken())
    return _publish(shop, actor, name, copy.source, seen_number, note, [drop], "published a template")


def restore(shop: Shop, actor: Actor, name: str, number: int, *, seen_number: int, note: str = "") -> TemplateVersion:
    """Publishes an earlier version again, as a new one; 0 is that of the repository. A working copy stays.

    Raises: as `publish`.
    """
    actor.require(Permission.EDIT_TEMPLATES)
    earlier = catalogue.version(shop, name, number)
    note_of_version = note or f"Restored version {number}"
    return _publish(
        shop, actor, name, earlier.source, seen_number, note_of_version, [], "restored a version of a template"
    )


def list_versions(shop: Shop, name: str) -> list[PublishedVersion]:
    """All versions of a template, newest first, down to version 0.

    Raises: `NotFoundError`.
    """
    first = PublishedVersion(catalogue.version(shop, name, 0))
    query = Query(schema.SHOP, schema.template_partition(name), begins_with=schema.TEMPLATE_VERSIONS, descending=True)
    published = [*readable(shop, pages_of(shop.store, query), _published)]
    return [*published, first]


def _publish(
    shop: Shop,
    actor: Actor,
    name: str,
    source: TemplateSource,
    seen_number: int,
    note: str,
    also: list[Write],
    action: str,
) -> TemplateVersion:
    before = catalogue.current_version(shop, name)
    if before.number != seen_number:
        raise ConflictError(
            f"{before.published_by or 'Somebody'} published version {before.number} of this template in the meantime. "
            "Look at what changed, then decide."
        )
    version = TemplateVersion(
        facts=catalogue.version(shop, name, 0).facts,
        number=before.number + 1,
        source=source,
        published_at=shop.clock(),
        published_by=actor.username,
        note=clean_line(note, "Note"),
    )
    changes = difference(before.source, source, f"version {before.number}", f"version {version.number}")
    _check_publishable(shop, version, changes)
    item = version_item(version, changes)
    noted = audit_log.entry(
        shop, actor, action, f"template:{name}", f"Version {version.number}. {version.note}".strip()
    )
    with access_pattern("publish a template"):
        shop.store.transact([*_publishing_writes(version, before.number, item, dropping=bool(also)), *also, noted])
    return version


def _publishing_writes(version: TemplateVersion, before: int, item: Item, *, dropping: bool) -> list[Write]:
    name = version.facts.name
    state = {key: item[key] for key in ("number", "published_at", "published_by")} | {"note": version.note}
    unmoved = Equals("number", before) if before else Missing("number")
    return [
        Put(schema.template_version_key(name, version.number), item, Absent(), _overtaken()),
        Update(
            schema.template_key(name),
            set=state,
            remove=("edited_by", "edited_at") if dropping else (),
            condition=unmoved,
            otherwise=_overtaken(),
        ),
    ]


def _check_publishable(shop: Shop, version: TemplateVersion, changes: str) -> None:
    if not changes:
        raise InvalidInputError(f"This is the same as version {version.number - 1}; there is nothing to publish.")
    problems = problems_of(shop, version)
    if problems:
        raise InvalidInputError(" ".join(["This cannot be published yet.", *problems]))


def _seen(shop: Shop, name: str, revision: int) -> WorkingCopy | None:
    """The draft that the person has seen; None when they have seen that there is none."""
    copy = get_working_copy(shop, name)
    if (copy.revision if copy else 0) == revision:
        return copy
    if copy is None:
        raise ConflictError("Somebody published or discarded this draft in the meantime. Your text is still here.")
    raise ConflictError(
        f"{copy.edited_by} saved this template while you were editing it. Nothing was overwritten: "
        "compare your text with theirs, then save again."
    )


def _unmoved(revision: int) -> Condition:
    return Equals("revision", revision) if revision else Absent()


def _overtaken() -> BackendError:
    return ConflictError(
        "Somebody else changed this template at the same moment. Nothing was overwritten; look again, then decide."
    )


def _published(key: Key, item: Item) -> PublishedVersion:
    return PublishedVersion(version_from(key, item), difference_from(key, item))
