"""Finds the message that a report is about, without an index: by our tag, else by its recipient.

Event publishing carries our tag, which is the message's id. Feedback notifications do not; but they name the
recipient, whose messages lie together, and one of these carries the provider's id. So nothing has to be written for
each email only to find it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from backend.domain.customers import clean_email
from backend.domain.events import EventType, MailEvent
from backend.domain.messages import Message, split_id
from backend.email.events.parsing import Read, UnreadableEventError, read_event
from backend.errors import InvalidInputError
from backend.records.events import RawEvent, raw_from
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email
from backend.services.sending.requests import member_code
from backend.services.team.members import find_member_by_email
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.limits import check_key
from backend.store.port import Key, Query, pages_of

_MOST_RECIPIENTS = 3
_MOST_MESSAGES = 2_000


def key_of_event(shop: Shop, event: MailEvent) -> Key | None:
    """Where the message of a report should be; None when it is not one of ours.

    With a tag nothing is read, so there may be no message at this place.
    """
    if event.message_id:
        try:
            key = schema.message_key(*split_id(event.message_id))
            check_key(key)
        except InvalidInputError:
            return None  # one that the store could not hold either
        return key
    for address in event.to[:_MOST_RECIPIENTS]:
        for recipient in _recipients(shop, address):
            found = _named_by(shop, recipient, event.provider_id)
            if found is not None:
                return found
    return None


def _recipients(shop: Shop, address: str) -> Iterator[str]:
    """Under which recipients messages to this address are kept."""
    try:
        cleaned = clean_email(address)
    except InvalidInputError:
        return
    customer = find_by_email(shop, cleaned)
    if customer is not None:
        yield customer.id
    member = find_member_by_email(shop, cleaned)
    if member is not None:
        yield member_code(member)
        yield f"TEST{_short(member.username)}"


def _named_by(shop: Shop, recipient: str, provider_id: str) -> Key | None:
    query = Query(schema.MAIL, schema.customer_partition(recipient), begins_with=schema.MESSAGES, limit=500)
    rows = islice(pages_of(shop.store, query), _MOST_MESSAGES)
    return next((row.key for row in rows if row.item.get("provider") == provider_id), None)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# --- History: the reports about one message ----------------------------------------------------------------------


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
