"""When a campaign may send: its own hours and the quiet hours, both in the shop's time. Pure rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from backend.domain.campaigns import Hours
from backend.domain.eligibility import MarketingLimits, quiet_until
from backend.domain.emails import Kind

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
