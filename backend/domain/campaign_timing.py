"""When a campaign may send and when it will be through, by its hours, the quiet hours, the rate and the quota."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from backend.domain.campaigns import Hours
from backend.domain.eligibility import MarketingLimits, quiet_until
from backend.domain.emails import Kind

QUOTA_WINDOW = timedelta(hours=24)
_MOST_STRETCHES = 3_000
"""More than a year's worth of days with hours and quotas; a campaign that needs longer needs a higher quota."""


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_second` emails; `left` until the quota's window is over, and `quota` in each window after it.

    None is no quota.
    """

    per_second: float
    left: int | None = None
    quota: int | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """When the last email goes out, and on how many days of the shop some do. `finishes_at` None: not in sight."""

    starts_at: datetime
    finishes_at: datetime | None
    days: int


def timing_of(
    recipients: int,
    start: datetime,
    pace: Pace,
    opens: Callable[[datetime], datetime],
    closes: Callable[[datetime], datetime | None],
    zone: tzinfo = UTC,
) -> Timing:
    """Goes through stretches of sending: each ends when all are through, the quota is used up, or the hours end.

    `opens` gives the first moment from one on at which it may send, `closes` when it may not any more; days are those
    of the zone.
    """
    moment = starts_at = opens(start)
    left, window_ends = pace.left, starts_at + QUOTA_WINDOW
    days: set[date] = set()
    remaining = recipients
    for _ in range(_MOST_STRETCHES):
        moment = opens(moment)
        if left is not None and left <= 0:
            moment, left = max(moment, window_ends), pace.quota
            window_ends = moment + QUOTA_WINDOW
            if not left or left <= 0:
                break
            continue
        end = closes(moment)
        fit = remaining if end is None else int((end - moment).total_seconds() * pace.per_second)
        sent = min(remaining, max(fit, 1), remaining if left is None else left)
        ends = moment + timedelta(seconds=sent / pace.per_second)
        days |= _days(moment, ends, zone)
        moment = ends
        remaining -= sent
        left = None if left is None else left - sent
        if remaining <= 0:
            return Timing(starts_at, moment, len(days))
        if end is not None and moment >= end - timedelta(seconds=1):
            moment = end
    return Timing(starts_at, None, len(days))


def _days(begin: datetime, end: datetime, zone: tzinfo) -> set[date]:
    """The days from one moment to the other; one that ends at midnight has nothing of the day after."""
    first = begin.astimezone(zone).date()
    last = (end - timedelta(microseconds=1)).astimezone(zone).date()
    return {first + timedelta(days=number) for number in range(max((last - first).days, 0) + 1)}


_SATURDAY = 5


def opens_at(hours: Hours | None, kind: Kind, limits: MarketingLimits, now: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from now on at which it may send; `now` itself when it may now."""
    moment = now
    for _ in range(16):  # a week has seven days, and quiet hours at most one more stop each
        # In an hour that comes twice, the end may be the one in the first of them.
        later = max(quiet_until(kind, limits, moment, zone) or moment, moment)
        if later == moment:
            later = max(_business(hours, moment, zone) or moment, moment)
        if later == moment:
            return moment
        moment = later
    return moment


def is_ever_open(hours: Hours | None, kind: Kind, limits: MarketingLimits, now: datetime, zone: ZoneInfo) -> bool:
    """Whether there is such a moment: the quiet hours may cover the business hours."""
    opens = opens_at(hours, kind, limits, now, zone)
    return opens_at(hours, kind, limits, opens, zone) == opens


def closes_at(hours: Hours | None, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """When the business hours around this moment end; None without business hours."""
    if hours is None:
        return None
    local = moment.astimezone(zone)
    return datetime.combine(local.date(), hours.end, tzinfo=zone).astimezone(moment.tzinfo)


def _business(hours: Hours | None, moment: datetime, zone: ZoneInfo) -> datetime | None:
    """When business hours begin, if they have not; None within them."""
    if hours is None:
        return None
    local = moment.astimezone(zone)
    day = local.date()
    if not _is_free(hours, local.weekday()):
        if local.time() < hours.start:
            return datetime.combine(day, hours.start, tzinfo=zone).astimezone(moment.tzinfo)
        if local.time() < hours.end:
            return None
    day += timedelta(days=1)
    while _is_free(hours, day.weekday()):
        day += timedelta(days=1)
    return datetime.combine(day, hours.start, tzinfo=zone).astimezone(moment.tzinfo)


def _is_free(hours: Hours, weekday: int) -> bool:
    return hours.weekdays_only and weekday >= _SATURDAY
