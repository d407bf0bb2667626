"""Counters of the send statistics: per hour of the shop, template and shard; and of campaigns.

How messages ended is counted when they are settled, and their outcomes when they are reported. All of it follows
from the stored message (`counters_of`, `campaign_counters_of`), so that `reconcile` can count it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from backend.domain.automations import is_automation
from backend.domain.delivery import Mailbox, Outcome, mailbox_of
from backend.domain.messages import SETTLED, Message, MessageStatus, SkipReason
from backend.records.values import number
from backend.store.port import Item, Plus

TOOK_STEPS = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400)
"""Upper ends in seconds of the classes in which the times from request to sent, and from request to delivered, are
counted; above is "more"."""

RESOLVED = "resolved"
"""Counts the messages of a campaign that were unknown until a report showed that they had been sent."""

OF_MAILBOXES = frozenset({Outcome.DELIVERED, Outcome.BOUNCED, Outcome.COMPLAINED, Outcome.OPENED, Outcome.CLICKED})
"""Outcomes that the hours count for each provider of mailboxes too."""

_ENDINGS = frozenset(status.value for status in SETTLED)
_SKIPPED_AS = {reason.value: f"skip:{reason.name.lower()}" for reason in SkipReason}
_MAILBOXES = frozenset(mailbox.value for mailbox in Mailbox)
_CAMPAIGN_NAMES = frozenset({RESOLVED, *(outcome.counter for outcome in Outcome)})


def addition_for(message: Message) -> dict[str, Plus]:
    """What a settled message adds to its hour: one to its status and, if sent, to its class of time and its mailbox.

    Tests are counted by status and as "tests", but not by mailbox, so that trying things out spoils no rate.
    """
    added = {message.status.value: Plus(1)}
    if message.test:
        added["tests"] = Plus(1)
    if message.status is MessageStatus.SENT:
        if message.sent_at is not None:
            added[took_class(message.sent_at - message.requested_at)] = Plus(1)
        if not message.test:
            added[mailbox_counter(mailbox_of(message.to), MessageStatus.SENT.value)] = Plus(1)
    elif message.status is MessageStatus.SKIPPED and message.reason in _SKIPPED_AS:
        added[_SKIPPED_AS[message.reason]] = Plus(1)
    return added


def ending_addition(message: Message) -> dict[str, Plus]:
    """How a settled message ended, for the figures of an automation: its status, and the reason of a skipped one."""
    counted = addition_for(message)
    return {name: plus for name, plus in counted.items() if name == message.status.value or name.startswith("skip:")}


def correction_for(before: Message, after: Message) -> dict[str, Plus]:
    """What the hour gains and loses when a settled message turns out to have ended otherwise."""
    return _difference(Counter(_numbers(addition_for(before))), Counter(_numbers(addition_for(after))))


def outcome_addition(message: Message, outcome: Outcome, at: datetime) -> dict[str, Plus]:
    """What the first report of an outcome adds to the hour of its message; nothing for a test."""
    if message.test:
        return {}
    added = {outcome.counter: Plus(1)}
    if outcome in OF_MAILBOXES:
        added[mailbox_counter(mailbox_of(message.to), outcome.counter)] = Plus(1)
    if outcome is Outcome.DELIVERED:
        added[arrival_class(at - message.requested_at)] = Plus(1)
    return added


def campaign_addition(message: Message, outcome: Outcome) -> dict[str, Plus]:
    """What the first report of an outcome adds to the statistics of the message's campaign; nothing without one."""
    if not message.campaign or message.test:
        return {}
    added = {outcome.counter: Plus(1), mailbox_counter(mailbox_of(message.to), outcome.counter): Plus(1)}
    if message.variant:
        added[variant_counter(outcome, message.variant)] = Plus(1)
    return added


def outcome_difference(before: Message, after: Message) -> dict[str, Plus]:
    """What the hour gains (and loses, where a report corrected an earlier one) between two states of a message."""
    return _difference(_reported(before), _reported(after))


def campaign_difference(before: Message, after: Message) -> dict[str, Plus]:
    """The same for the statistics of the message's campaign."""
    return _difference(campaign_counters_of(before), campaign_counters_of(after))


def counters_of(message: Message) -> Counter[str]:
    """All that a message has to have added to its hour by now."""
    settled = _numbers(addition_for(message)) if message.status in SETTLED else {}
    return Counter(settled) + _reported(message)


def campaign_counters_of(message: Message) -> Counter[str]:
    """All that a message has to have added to the statistics of its campaign by now."""
    total: Counter[str] = Counter()
    for outcome in message.outcomes:
        total.update(_numbers(campaign_addition(message, outcome)))
    if is_automation(message.campaign) and message.status in SETTLED:
        total.update(_numbers(ending_addition(message)))
    if message.campaign and message.resolved and message.status is MessageStatus.SENT and not message.test:
        total[RESOLVED] += 1
    return total


def is_campaign_counter(campaign: str, name: str) -> bool:
    """Whether this attribute of a campaign's statistics is computed from its messages; there may be others."""
    if is_automation(campaign) and (name in _ENDINGS or name.startswith("skip:")):
        return True
    mailbox, colon, counter = name.partition(":")
    if colon and mailbox not in _MAILBOXES:
        return False
    return (counter if colon else name.partition("~")[0]) in _CAMPAIGN_NAMES


def mailbox_counter(mailbox: Mailbox, counter: str) -> str:
    return f"{mailbox.value}:{counter}"


def variant_counter(outcome: Outcome, variant: str) -> str:
    return f"{outcome.counter}~{variant}"


def took_class(took: timedelta) -> str:
    """The name of the counter for a time from request to sent."""
    return _class("took", took)


def arrival_class(took: timedelta) -> str:
    """The name of the counter for a time from request to delivered."""
    return _class("arrived", took)


def counts_in(item: Item) -> dict[str, int]:
    """All counters of one item by name."""
    return {name: number(item, name) for name in item if name != "kind"}


def _class(kind: str, took: timedelta) -> str:
    seconds = took.total_seconds()
    return next((f"{kind}_{step}" for step in TOOK_STEPS if seconds <= step), f"{kind}_more")


def _reported(message: Message) -> Counter[str]:
    total: Counter[str] = Counter()
    for outcome, at in message.outcomes.items():
        total.update(_numbers(outcome_addition(message, outcome, at)))
    return total


def _numbers(additions: dict[str, Plus]) -> dict[str, int]:
    return {name: plus.delta for name, plus in additions.items()}


def _difference(before: Counter[str], after: Counter[str]) -> dict[str, Plus]:
    names: Iterable[str] = dict.fromkeys([*after, *before])
    return {name: Plus(after[name] - before[name]) for name in names if after[name] != before[name]}
