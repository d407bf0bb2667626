"""Reports of the provider as items: kept with their messages for 30 days, as dead letters for 90, and counted.

A body is kept compressed, as it came but without the envelope, so that people see the provider's own words.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.events import Click, DeadLetter, LinkClicks, MailEvent
from backend.domain.messages import Message
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_of_row, reads
from backend.records.declared import As, Record, compressed
from backend.records.send_stats import TOOK_STEPS
from backend.records.values import number
from backend.store import schema
from backend.store.port import EXPIRES, Item, Key, Plus, Row, Update

EVENTS_KEPT = timedelta(days=30)
DEAD_LETTERS_KEPT = timedelta(days=90)
MINUTES_KEPT = timedelta(days=30)
LARGEST_BODY = 256 * 1024
"""AWS: what SNS and SQS carry. More is cut off, and cannot be replayed."""


@dataclass(frozen=True, slots=True)
class RawEvent:
    """A report as it was kept. `source` is the way that it came."""

    type: str
    at: datetime
    received_at: datetime
    source: str
    body: bytes


_RAW = Record(RawEvent, given=("at",), keep_empty=True, body=compressed())
_DEAD_LETTER = Record(
    DeadLetter,
    given=("id", "at"),
    blank=("reason", "source", "tries", "whole"),
    body=compressed(),
    whole=As("cut", operator.not_, operator.not_),
)
_LINK = Record(LinkClicks, blank=("clicks", "programs"), link="url")


def raw_key(recipient: str, key: str, event: MailEvent) -> Key:
    """Where a report is kept: beside the message with this recipient and key."""
    return schema.event_key(recipient, key, to_text(event.at), event.digest)


def raw_item(event: MailEvent, body: bytes, source: str, now: datetime) -> Item:
    raw = RawEvent(event.type.value, event.at, now, source, body[:LARGEST_BODY])
    return _RAW.item(raw, **{EXPIRES: int((now + EVENTS_KEPT).timestamp())})


@reads(key_of_row)
def raw_from(row: Row) -> RawEvent:
    return _RAW.read(row.item, at=from_text(schema.moment_of_event(row.key)))


def dead_letter_item(body: bytes, reason: str, source: str, now: datetime, tries: int = 1) -> tuple[Key, Item]:
    """The same body at the same moment is the same letter."""
    digest = hashlib.blake2b(body, digest_size=8).hexdigest()
    key = schema.dead_letter_key(to_text(now), digest)
    whole = len(body) <= LARGEST_BODY
    letter = DeadLetter(key.sk, now, reason[:500], source, body[:LARGEST_BODY], tries, whole)
    return key, _DEAD_LETTER.item(letter, **{EXPIRES: int((now + DEAD_LETTERS_KEPT).timestamp())})


@reads(key_of_row)
def dead_letter_from(row: Row) -> DeadLetter:
    return _DEAD_LETTER.read(row.item, id=row.key.sk, at=from_text(schema.moment_in(row.key.sk)))


def click_updates(message: Message, clicks: Mapping[Click, int]) -> list[Update]:
    """Adds to the clicks of links in the message's campaign, an item for each link."""
    added: dict[str, dict[str, Plus]] = {}
    for click, times in clicks.items():
        added.setdefault(click.link, {})["programs" if click.program else "clicks"] = Plus(times)
    return [Update(_link_key(message, link), set={"url": link}, add=plus) for link, plus in added.items()]


def _link_key(message: Message, link: str) -> Key:
    digest = hashlib.blake2b(link.encode(), digest_size=8).hexdigest()
    return schema.link_key(message.campaign, digest, message.id)


def link_in(item: Item) -> LinkClicks:
    return _LINK.read(item)


def lag_class(lag: timedelta) -> str:
    """The name of the counter for a time from an event to when it was applied."""
    seconds = lag.total_seconds()
    return next((f"lag_{step}" for step in TOOK_STEPS if seconds <= step), "lag_more")


def minute_update(now: datetime, counts: dict[str, int]) -> Update:
    """Adds to what was taken in during this minute."""
    return Update(
        schema.event_minute_key(to_text(now)[:16]),
        set={EXPIRES: int((now + MINUTES_KEPT).timestamp()), "last_at": to_text(now)},
        add={name: Plus(count) for name, count in counts.items() if count},
    )


def minute_counts(item: Item) -> dict[str, int]:
    return {name: number(item, name) for name in item if name not in (EXPIRES, "last_at")}
