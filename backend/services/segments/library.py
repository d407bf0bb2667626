"""Saved segments: list, create, change, duplicate, delete. Every change is in the audit log."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from backend.domain.ids import new_customer_id
from backend.domain.segment_checks import check_rule
from backend.domain.segments import Rule, Segment
from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.errors import AlreadyExistsError, ConflictError, InvalidInputError, NotFoundError
from backend.records.segments import segment_from, segment_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.segments.ready import READY
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Absent, Delete, Equals, Key, Put, Query, Row, Write, pages_of

MOST_SEGMENTS = 200
_NAME_LENGTH = 80
_TEXT_LENGTH = 300
_READY = {segment.id: segment for segment in READY}


def new_segment_id() -> str:
    """An id for a form that is drawn now: saving it twice makes one segment."""
    return new_customer_id()


def list_segments(shop: Shop, actor: Actor) -> list[Segment]:
    """The saved segments by name; those that come with the program are in `ready.READY`.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    with access_pattern("list segments"):
        rows = list(pages_of(shop.store, Query(schema.SHOP, schema.SEGMENTS, limit=MOST_SEGMENTS)))
    return sorted(readable_rows(shop, rows, segment_from), key=lambda segment: segment.name.casefold())


def get_segment(shop: Shop, segment_id: str) -> Segment:
    """A saved segment, or one of those that come with the program.

    Raises: `NotFoundError`.
    """
    if segment_id in _READY:
        return _READY[segment_id]
    if not segment_id.isalnum():
        raise NotFoundError("This segment does not exist.")
    key = schema.segment_key(segment_id)
    with access_pattern("one segment"):
        item = shop.store.get(key)
    if item is None:
        raise NotFoundError("This segment does not exist.")
    return segment_from(Row(key, item))


def find_segment(shop: Shop, actor: Actor, wanted: str) -> Segment:
    """A saved or ready segment by its id or, as people see it, by its name.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    known = [*list_segments(shop, actor), *READY]
    by_name = {segment.name: segment for segment in reversed(known)}
    by_id = {segment.id: segment for segment in known}
    found = by_id.get(wanted) or by_name.get(wanted)
    if found is None:
        raise NotFoundError(f"There is no segment “{wanted[:60]}”.")
    return found


def create_segment(shop: Shop, actor: Actor, segment_id: str, name: str, rule: Rule, text: str = "") -> Segment:
    """Saves a new segment under the id of its form. Saving the same form again gives what was saved first.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    if not segment_id.isalnum():
        raise InvalidInputError("This is not the id of a segment.", "id")
    now = shop.clock()
    segment = Segment(
        segment_id,
        *_cleaned(name, rule, text),
        created_at=now,
        created_by=actor.username,
        changed_at=now,
        changed_by=actor.username,
    )
    if len(list_segments(shop, actor)) >= MOST_SEGMENTS:
        raise InvalidInputError(f"You have {MOST_SEGMENTS} segments, the maximum. Delete one first.", "name")
    saved = AlreadyExistsError("This segment is saved already.")
    put = Put(schema.segment_key(segment_id), segment_item(segment), Absent(), saved)
    try:
        _refuse_taken(shop, actor, segment_id, segment.name)
        shop.store.transact(
            [
                put,
                _take_name(segment),
                audit_log.entry(shop, actor, "created a segment", f"segment:{segment_id}", segment.name),
            ]
        )
    except AlreadyExistsError:
        return get_segment(shop, segment_id)
    return segment


def update_segment(
    shop: Shop, actor: Actor, segment_id: str, name: str, rule: Rule, text: str = "", *, seen_version: int
) -> Segment:
    """Changes a saved segment. Campaigns that were planned with it keep the rule that they have.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `ConflictError` when somebody else has
    changed it since this version was seen.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    before = _changeable(shop, segment_id)
    name, rule, text = _cleaned(name, rule, text)
    after = replace(
        before,
        name=name,
        rule=rule,
        text=text,
        changed_at=shop.clock(),
        changed_by=actor.username,
        version=seen_version + 1,
    )
    if before.version == seen_version and (name, rule, text) == (before.name, before.rule, before.text):
        return before
    put = Put(schema.segment_key(segment_id), segment_item(after), Equals("version", seen_version), _conflict(before))
    names: list[Write] = []
    if _name_key(name) != _name_key(before.name):
        _refuse_taken(shop, actor, segment_id, name)
        names = [_take_name(after), Delete(_name_key(before.name))]
    shop.store.transact([put, *names, audit_log.entry(shop, actor, "changed a segment", f"segment:{segment_id}", name)])
    return after


def delete_segment(shop: Shop, actor: Actor, segment_id: str, *, seen_version: int) -> None:
    """Deletes a saved segment. Campaigns keep the rule that they were planned with.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `NotFoundError`, `ConflictError`.
    """
    actor.require(Permission.EDIT_SEGMENTS)
    before = _changeable(shop, segment_id)
    delete = Delete(schema.segment_key(segment_id), Equals("version", seen_version), _conflict(before))
    shop.store.transact(
        [
            delete,
            Delete(_name_key(before.name)),
            audit_log.entry(shop, actor, "deleted a segment", f"segment:{segment_id}", before.name),
        ]
    )


def _changeable(shop: Shop, segment_id: str) -> Segment:
    segment = get_segment(shop, segment_id)
    if segment.ready:
        raise InvalidInputError("This segment comes with the program. Duplicate it and change the copy.", "id")
    return segment


def _name_key(name: str) -> Key:
    """The marker that a name is taken: whoever picks one in a list must know which segment it is."""
    digest = hashlib.sha256(name.casefold().encode()).hexdigest()[:32]
    return schema.meta_key(f"segment-name:{digest}")


def _take_name(segment: Segment) -> Put:
    """Fails for the second of two people who save the same name at the same moment."""
    return Put(_name_key(segment.name), {"segment": segment.id}, Absent(), _name_taken(segment.name))


def _refuse_taken(shop: Shop, actor: Actor, segment_id: str, name: str) -> None:
    """Segments that were saved before names were marked are found in the list.

    Raises: `InvalidInputError`.
    """
    for other in (*list_segments(shop, actor), *READY):
        if other.id != segment_id and other.name.casefold() == name.casefold():
            raise _name_taken(name)


def _name_taken(name: str) -> InvalidInputError:
    return InvalidInputError(f"There is already a segment “{name}”. Choose another name.", "name")


def _cleaned(name: str, rule: Rule, text: str) -> tuple[str, Rule, str]:
    return (
        clean_line(name, "Name", longest=_NAME_LENGTH, required=True, field="name"),
        check_rule(rule),
        clean_line(text, "Description", longest=_TEXT_LENGTH, field="text"),
    )


def _conflict(before: Segment) -> ConflictError:
    who = before.changed_by or "Somebody"
    return ConflictError(f"{who} has changed this segment.")
