"""How long records are kept. 0 days are for good; what came before there was a setting stays as it was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backend.errors import InvalidInputError


class Kept(StrEnum):
    """A kind of record that ends after a number of days."""

    MESSAGES = "messages"
    EVENTS = "events"
    AUDIT = "audit"


EVENT_DAYS = 30
"""Events end by themselves after so many days; a setting can only shorten that."""
FEWEST = {Kept.MESSAGES: 30, Kept.EVENTS: 1, Kept.AUDIT: 365}
"""Messages that are younger may still be answered or sent again; the record of who did what has to last a year."""
MOST_DAYS = 3650


@dataclass(frozen=True, slots=True)
class Retention:
    """Days for which recipients and contents of messages, reports about them, and the audit log are kept."""

    messages: int = 0
    events: int = EVENT_DAYS
    audit: int = 0
    version: int = 0

    def days(self, kind: Kept) -> int:
        return {Kept.MESSAGES: self.messages, Kept.EVENTS: self.events, Kept.AUDIT: self.audit}[kind]


def check_retention(wanted: Retention) -> Retention:
    """Raises: `InvalidInputError` naming the field."""
    for kind in Kept:
        days, most = wanted.days(kind), EVENT_DAYS if kind is Kept.EVENTS else MOST_DAYS
        if (days or kind is Kept.EVENTS) and not FEWEST[kind] <= days <= most:
            raise InvalidInputError(f"Between {FEWEST[kind]} and {most:,} days are possible.", kind.value)
    return wanted
