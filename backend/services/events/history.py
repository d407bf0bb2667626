"""The reports about one message, as they were kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from backend.domain.events import EventType, MailEvent
from backend.domain.messages import Message
from backend.email.events.parsing import Read, UnreadableEventError, read_event
from backend.records.events import RawEvent, raw_from
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Query, pages_of

_ORDER = {kind: place for place, kind in enumerate(EventType)}
"""In which order events of one moment happen."""
MOST_EVENTS = 500
"""Reports of one message that are read: somebody may click a thousand times."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """A report, when we had it and which way it came, and its own words (JSON)."""

    event: MailEvent
    received_at: datetime
    source: str
    body: bytes


def received_events(shop: Shop, message: Message, limit: int = MOST_EVENTS) -> list[ReceivedEvent]:
    """What the provider reported about the message in the last 30 days, oldest first."""
    found = [
        ReceivedEvent(read.event, raw.received_at, raw.source, raw.body)
        for raw, read in _readable(shop, message, limit)
    ]
    return sorted(found, key=lambda each: (each.event.at, _ORDER[each.event.type]))


def events_of(shop: Shop, message: Message) -> list[MailEvent]:
    """The same, for the rules."""
    return [read.event for _, read in _readable(shop, message, MOST_EVENTS)]


def _readable(shop: Shop, message: Message, limit: int) -> Iterator[tuple[RawEvent, Read]]:
    begins, partition = schema.events_of(message.key), schema.customer_partition(message.recipient)
    query = Query(schema.MAIL, partition, begins_with=begins, consistent=True)
    for raw in readable_rows(shop, islice(pages_of(shop.store, query), limit), raw_from):
        try:
            read = read_event(raw.body)
        except UnreadableEventError:
            continue  # cut off because it was too large
        if isinstance(read, Read):
            yield raw, read
