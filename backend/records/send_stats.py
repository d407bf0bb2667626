"""Counters of the send statistics: per hour of the shop, template and shard, by status and by time to send."""

from __future__ import annotations

from datetime import timedelta

from backend.domain.messages import Message, MessageStatus
from backend.records.values import number
from backend.store.port import Item, Plus

TOOK_STEPS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
"""Upper ends in seconds of the classes in which the time from request to sent is counted; above is "more"."""


def addition_for(message: Message) -> dict[str, Plus]:
    """What a settled message adds to its hour: one to its status and, if sent, one to its class of time."""
    added = {message.status.value: Plus(1)}
    if message.test:
        added["tests"] = Plus(1)
    if message.status is MessageStatus.SENT and message.sent_at is not None:
        added[took_class(message.sent_at - message.requested_at)] = Plus(1)
    return added


def took_class(took: timedelta) -> str:
    """The name of the counter for a time from request to sent."""
    seconds = took.total_seconds()
    return next((f"took_{step}" for step in TOOK_STEPS if seconds <= step), "took_more")


def counts_in(item: Item) -> dict[str, int]:
    """All counters of one item by name."""
    return {name: number(item, name) for name in item if name != "kind"}
