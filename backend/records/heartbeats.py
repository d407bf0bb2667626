"""Heartbeats of processes as items."""

from __future__ import annotations

from backend.domain.health import Beat, DutyBeat
from backend.records.conversion import key_of_row, reads
from backend.records.declared import Record, parts
from backend.store import schema
from backend.store.port import Item, Row

_DUTY = Record(DutyBeat, needed=("patience",), patience=parts(1), began_at="began", ended_at="ended", trouble_now="now")
_BEAT = Record(Beat, given=("process",), blank=("version",), skew_ms="skew")


def beat_item(beat: Beat) -> Item:
    return _BEAT.item(beat)


@reads(key_of_row)
def beat_from(row: Row) -> Beat:
    return _BEAT.read(row.item, process=schema.process_of(row.key))
