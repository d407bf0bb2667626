"""What messages of a campaign add to its counters and to the statistics of the hours, summed up for a whole step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from backend.domain.delivery import mailbox_of
from backend.domain.messages import Message, MessageStatus, SkipReason
from backend.records.campaign_chunks import skip_counter
from backend.records.send_stats import addition_for, mailbox_counter
from backend.store import schema
from backend.store.port import Key, Plus, Update


def as_counted(message: Message) -> Message:
    """The message as its campaign counts it: one that a report has resolved is still an unknown one here.

    Whoever resolves a message corrects the hour and counts it as resolved, before or after the step is counted.
    """
    return replace(message, status=MessageStatus.UNKNOWN, sent_at=None) if message.resolved else message


def ending_counts(messages: Iterable[Message]) -> Counter[str]:
    """The campaign's counters: by status, by variant, by mailbox provider, and by reason for those skipped later on."""
    total: Counter[str] = Counter()
    for message in map(as_counted, messages):
        status = message.status.value
        total[status] += 1
        if message.variant:
            total[f"{status}~{message.variant}"] += 1
        if message.status is MessageStatus.SENT:
            total[mailbox_counter(mailbox_of(message.to), status)] += 1
        if message.status is MessageStatus.SKIPPED:
            total[_skip_name(message)] += 1
    return total


def skip_counts(reasons: Iterable[SkipReason]) -> Counter[str]:
    """The campaign's counters of those who were skipped before there was a message."""
    total: Counter[str] = Counter()
    for reason in reasons:
        total[MessageStatus.SKIPPED.value] += 1
        total[skip_counter(reason)] += 1
    return total


def counted_by_hour(messages: Iterable[Message]) -> list[Update]:
    """The additions to the statistics of the hours, one write for each item."""
    sums: dict[Key, Counter[str]] = {}
    kinds: dict[Key, str] = {}
    for message in map(as_counted, messages):
        key = schema.hours_key(message.hour, message.template, message.id)
        kinds[key] = message.kind.value
        sums.setdefault(key, Counter()).update({name: plus.delta for name, plus in addition_for(message).items()})
    return [
        Update(key, set={"kind": kinds[key]}, add={name: Plus(count) for name, count in total.items()})
        for key, total in sums.items()
    ]


def _skip_name(message: Message) -> str:
    return next((skip_counter(reason) for reason in SkipReason if reason.value == message.reason), "skip:other")
