"""Moments are aware datetimes in UTC; days and months are those of the shop's time zone."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from backend.errors import InvalidInputError

Clock = Callable[[], datetime]
"""Gives the present moment, aware and in UTC. Injected, so that tests decide what time it is."""

EARLIEST_YEAR = 1990
_STORED_YEARS = range(1900, 3000)
"""Whose moments can be moved to any zone and by any span that the program knows."""
_CLOCK_SKEW = timedelta(days=1)


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """A moment as it is stored: UTC with microseconds, so that texts sort like moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """The moment that `to_text` wrote.

    Raises: `ValueError` for another text, also for a moment without a zone or of an absurd year.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("The moment has no time zone.")
    if moment.year not in _STORED_YEARS:
        raise ValueError("The moment is of an absurd year.")
    return moment


def to_seconds(moment: datetime) -> int:
    """The moment in whole seconds since 1970, rounded up: how items say when they expire."""
    return math.ceil(moment.timestamp())


def day_of(moment: datetime, zone: ZoneInfo) -> str:
    """The shop's day of a moment, such as "2026-11-26"."""
    return moment.astimezone(zone).date().isoformat()


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """The shop's month of a moment, such as "2026-11"."""
    return f"{moment.astimezone(zone):%Y-%m}"


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which the shop's day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def months_between(first: date, last: date) -> list[str]:
    """The months from the first day's to the last day's, in order, both included."""
    count = (last.year - first.year) * 12 + last.month - first.month
    return [
        f"{first.year + (first.month - 1 + n) // 12}-{(first.month - 1 + n) % 12 + 1:02d}" for n in range(count + 1)
    ]


def check_placed_at(moment: datetime, now: datetime, label: str = "The order date") -> datetime:
    """The moment, if an order can have been placed then.

    Raises: `InvalidInputError` for the future (a day of clock skew is allowed) and for years before 1990.
    """
    if moment.year < EARLIEST_YEAR:
        raise InvalidInputError(f"{label} is before the year {EARLIEST_YEAR}: {moment:%Y-%m-%d}.", "date")
    if moment > now + _CLOCK_SKEW:
        raise InvalidInputError(f"{label} is in the future: {moment:%Y-%m-%d}.", "date")
    return moment
