"""Saved segments as items."""

from __future__ import annotations

from datetime import datetime

from backend.domain.segment_text import rule_from_text, rule_text
from backend.domain.segments import Segment
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_of_row, reads
from backend.records.values import number, optional_text, text, without_empty
from backend.store.port import Item, Row


def segment_item(segment: Segment) -> Item:
    return without_empty(
        {
            "name": segment.name,
            "text": segment.text,
            "rule": rule_text(segment.rule),
            "created_at": to_text(segment.created_at) if segment.created_at else "",
            "created_by": segment.created_by,
            "changed_at": to_text(segment.changed_at) if segment.changed_at else "",
            "changed_by": segment.changed_by,
            "version": segment.version,
        }
    )


@reads(key_of_row)
def segment_from(row: Row) -> Segment:
    """Raises: `MalformedItemError`; `InvalidInputError` for a rule that this version does not know."""
    item = row.item
    return Segment(
        id=row.key.sk,
        name=text(item, "name"),
        rule=rule_from_text(text(item, "rule")),
        text=text(item, "text", ""),
        created_at=_moment(item, "created_at"),
        created_by=text(item, "created_by", ""),
        changed_at=_moment(item, "changed_at"),
        changed_by=text(item, "changed_by", ""),
        version=number(item, "version", 1),
    )


def _moment(item: Item, name: str) -> datetime | None:
    value = optional_text(item, name)
    return from_text(value) if value else None
