"""Saved segments as items."""

from __future__ import annotations

from backend.domain.segment_text import rule_from_text, rule_text
from backend.domain.segments import Segment
from backend.records.conversion import key_of_row, reads
from backend.records.declared import As, Record
from backend.store.port import Row

_SEGMENT = Record(Segment, given=("id", "ready"), rule=As(write=rule_text, read=rule_from_text))

segment_item = _SEGMENT.item


@reads(key_of_row)
def segment_from(row: Row) -> Segment:
    return _SEGMENT.read(row.item, id=row.key.sk, ready=False)
