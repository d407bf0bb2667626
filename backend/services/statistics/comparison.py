"""Which days a period is compared with: the same part of the calendar where it has a name there, else as many days."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)


class Period(StrEnum):
    """The periods that people ask about by name."""

    TODAY = "today"
    LAST_7_DAYS = "7-days"
    LAST_30_DAYS = "30-days"
    LAST_90_DAYS = "90-days"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    THIS_YEAR = "this-year"
    LAST_YEAR = "last-year"
    ALL_TIME = "all-time"


class Against(StrEnum):
    """What a period is compared with: the one before it, or the same dates a year before."""

    BEFORE = "before"
    LAST_YEAR = "last-year"


@dataclass(frozen=True, slots=True)
class Before:
    """The days from `first` to `last`, both included. `months` is how far back they lie; 0 for a number of days."""

    first: date
    last: date
    months: int = 0

    def part(self, first: date, low: date, high: date) -> tuple[date, date]:
        """The days beside `low` to `high` of the period that begins on `first`.

        Nothing, with the last day before the first, where the earlier month has no such day.
        """
        if not self.months:
            shift = first - self.first
            return low - shift, high - shift
        return _beside(low, self.months), min(_beside(high + _DAY, self.months) - _DAY, self.last)


def days_before(
    first: date, last: date, period: Period | None = None, against: Against = Against.BEFORE
) -> Before | None:
    """What `first` to `last` is compared with; None for all time. Without a name, whole months with whole months."""
    if against is Against.LAST_YEAR and period is not Period.ALL_TIME:
        return Before(_back(first, 12), _back(last, 12), 12)
    match period:
        case Period.ALL_TIME:
            return None
        case Period.THIS_MONTH:
            return Before(_back(first, 1), _back(last, 1), 1)
        case Period.THIS_YEAR:
            return Before(_back(first, 12), _back(last, 12), 12)
        case Period.LAST_MONTH | Period.LAST_YEAR | None:
            if months := _whole_months(first, last):
                return Before(_back(first, months), first - _DAY, months)
    return Before(first - (last - first) - _DAY, first - _DAY)


def _whole_months(first: date, last: date) -> int:
    """How many months the days are from the first to the last day of a month; 0 when they begin or end within one."""
    if first.day != 1 or last.day != monthrange(last.year, last.month)[1]:
        return 0
    return 12 * (last.year - first.year) + last.month - first.month + 1


def _month_back(day: date, months: int) -> date:
    years, month = divmod(12 * day.year + day.month - 1 - months, 12)
    return date(years, month + 1, 1)


def _back(day: date, months: int) -> date:
    """The same date some months before; the month's last day when it has no such date."""
    begin = _month_back(day, months)
    return begin.replace(day=min(day.day, monthrange(begin.year, begin.month)[1]))


def _beside(day: date, months: int) -> date:
    """The same date some months before; the first of the next month when it has no such date."""
    begin = _month_back(day, months)
    return begin + min(day.day - 1, monthrange(begin.year, begin.month)[1]) * _DAY
