"""Which unknown messages were in all likelihood never accepted.

The provider reports every email that it has taken with a Send event. So a message that nothing was reported about for
a day, while others that went out at its time were reported, did in all likelihood never get there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.domain.delivery import Outcome
from backend.domain.messages import Message, MessageStatus
from backend.services.context import Shop
from backend.services.sending.ledger import hour_of
from backend.services.statistics.counters import stats_by_hour

SILENCE = timedelta(days=1)


def never_accepted(shop: Shop, messages: Sequence[Message]) -> set[str]:
    """Ids of those that were in all likelihood never accepted. Costs two queries for each of their days."""
    now = shop.clock()
    silent = [each for each in messages if _is_silent(each, now)]
    reported = _reported_hours(shop, silent)
    found = set()
    for message in silent:
        begins, ends = hour_of(shop, message.due_at), hour_of(shop, message.due_at + SILENCE)
        if any(begins <= hour <= ends for hour in reported):
            found.add(message.id)
    return found


def _is_silent(message: Message, now: datetime) -> bool:
    unknown = message.status is MessageStatus.UNKNOWN and not message.outcomes
    return unknown and now - max(message.due_at, message.requested_at) >= SILENCE


def _reported_hours(shop: Shop, messages: Sequence[Message]) -> set[str]:
    """Hours from which messages were reported, of the days of these messages and the days after."""
    days = {moment.astimezone(shop.zone).date() for each in messages for moment in (each.due_at, each.due_at + SILENCE)}
    counters = [outcome.counter for outcome in Outcome]
    return {
        stats.hour
        for day in days
        for stats in stats_by_hour(shop, day, day)
        if any(stats.counts.get(name, 0) > 0 for name in counters)
    }
