"""Endpoints and the events on their way to them as items."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.domain.connections import Secret
from backend.domain.outgoing import Endpoint, OutgoingEvent
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.declared import Record, compressed, rows
from backend.store import schema
from backend.store.port import EXPIRES, Item, Key

KEPT = timedelta(days=30)
"""How long an event can be looked up and replayed."""

_ENDPOINT = Record(Endpoint, given=("id",), secrets=rows(Secret))
_EVENT = Record(OutgoingEvent, given=("endpoint", "id", "at"), sparse=("tries", "status"), body=compressed())

endpoint_item = _ENDPOINT.item


@reads(key_given)
def endpoint_from(key: Key, item: Item) -> Endpoint:
    return _ENDPOINT.read(item, id=key.sk)


def outgoing_event_key(event: OutgoingEvent) -> Key:
    return schema.outgoing_key(event.endpoint, to_text(event.at), event.id)


def outgoing_item(event: OutgoingEvent) -> Item:
    """The item of an event that has to be posted."""
    expires = int((event.at + KEPT).timestamp())
    return _EVENT.item(event, **due_attributes(event.id, event.at), **{EXPIRES: expires})


def due_attributes(event_id: str, due: datetime) -> Item:
    """By which workers find an event."""
    return {"work": schema.outgoing_line(event_id), "work_at": schema.outgoing_due(to_text(due), event_id)}


@reads(key_given)
def outgoing_from(key: Key, item: Item) -> OutgoingEvent:
    endpoint, at, event_id = schema.outgoing_of(key)
    return _EVENT.read(item, endpoint=endpoint, at=from_text(at), id=event_id)
