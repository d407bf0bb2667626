"""Heartbeats of processes as items."""

from __future__ import annotations

from datetime import datetime

from backend.domain.health import Beat, DutyBeat, Trouble
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_of_row, reads
from backend.records.values import flag, items, number, optional_text, text, without_empty
from backend.store.port import Item, Row, Value


def beat_item(beat: Beat) -> Item:
    duties: list[Value] = [_duty_item(duty) for duty in beat.duties]
    troubles: list[Value] = [
        {"at": to_text(each.at), "action": each.action, "sentence": each.sentence} for each in beat.troubles
    ]
    return without_empty(
        {
            "kind": beat.kind,
            "host": beat.host,
            "pid": beat.pid,
            "version": beat.version,
            "started_at": to_text(beat.started_at),
            "at": to_text(beat.at),
            "duties": duties,
            "actions": beat.actions,
            "failed": beat.failed,
            "throttled": beat.throttled,
            "skew": beat.skew_ms,
            "troubles": troubles,
        }
    )


@reads(key_of_row)
def beat_from(row: Row) -> Beat:
    item = row.item
    return Beat(
        process=row.key.sk.removeprefix("B#"),
        kind=text(item, "kind"),
        host=text(item, "host"),
        pid=number(item, "pid"),
        version=text(item, "version", ""),
        started_at=from_text(text(item, "started_at")),
        at=from_text(text(item, "at")),
        duties=tuple(_duty_from(each) for each in items(item, "duties")),
        actions=number(item, "actions", 0),
        failed=number(item, "failed", 0),
        throttled=number(item, "throttled", 0),
        skew_ms=number(item, "skew", 0),
        troubles=tuple(
            Trouble(from_text(text(each, "at")), text(each, "action", ""), text(each, "sentence", ""))
            for each in items(item, "troubles")
        ),
    )


def _duty_item(duty: DutyBeat) -> Item:
    return without_empty(
        {
            "name": duty.name,
            "patience": round(duty.patience),
            "since": _moment(duty.since),
            "began": _moment(duty.began_at),
            "ended": _moment(duty.ended_at),
            "rounds": duty.rounds,
            "trouble": duty.trouble,
            "now": duty.trouble_now,
        }
    )


def _duty_from(item: Item) -> DutyBeat:
    return DutyBeat(
        name=text(item, "name"),
        patience=float(number(item, "patience")),
        since=_read_moment(item, "since"),
        began_at=_read_moment(item, "began"),
        ended_at=_read_moment(item, "ended"),
        rounds=number(item, "rounds", 0),
        trouble=number(item, "trouble", 0),
        trouble_now=flag(item, "now"),
    )


def _moment(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _read_moment(item: Item, name: str) -> datetime | None:
    value = optional_text(item, name)
    return from_text(value) if value else None
