"""What the month has cost so far, and what it will cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta

from backend.domain.costs import MonthCost, Use, cost_of
from backend.domain.messages import MessageStatus
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.statistics.days import stats_by_day
from backend.services.system.usage import DayUsage, sum_of, usage_by_day
from backend.store.meter import Usage


@dataclass(frozen=True, slots=True)
class Month:
    """The current month of UTC: usage by day and by access pattern, and its costs."""

    first: date
    use: Use
    cost: MonthCost
    days: list[DayUsage]
    patterns: dict[str, Usage]


def this_month(shop: Shop, actor: Actor) -> Month:
    """The month so far. Costs one query, and one more for each day with emails.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    now = shop.clock().astimezone(UTC)
    days = usage_by_day(shop, f"{now:%Y-%m}")
    totals = [day.total for day in days]
    used = sum_of(totals)
    use = Use(
        reads=used.read_units,
        writes=used.write_units,
        emails=_sent_between(shop, now.date().replace(day=1), now.date()),
        busiest_reads=max((total.read_units for total in totals), default=0.0),
        busiest_writes=max((total.write_units for total in totals), default=0.0),
    )
    share = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)) / timedelta(days=1)
    return Month(now.date().replace(day=1), use, cost_of(use, now.date(), share), days, _by_pattern(days))


def _sent_between(shop: Shop, first: date, last: date) -> int:
    """Emails of these days. Unknown ones count, because they may have been sent."""
    counted = (MessageStatus.SENT.value, MessageStatus.UNKNOWN.value)
    return sum(day.counts().get(name, 0) for day in stats_by_day(shop, first, last) for name in counted)


def _by_pattern(days: list[DayUsage]) -> dict[str, Usage]:
    """The most expensive first."""
    names = {name for day in days for name in day.patterns}
    sums = {name: sum_of(day.patterns[name] for day in days if name in day.patterns) for name in names}
    return dict(sorted(sums.items(), key=lambda pair: -(5 * pair[1].write_units + pair[1].read_units)))
