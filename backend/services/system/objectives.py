"""How well the service objectives were met over the last 30 days, from stored counters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from backend.domain.objectives import TARGETS, WINDOW_DAYS, Attainment, Objective, Target
from backend.domain.team import Actor, Permission
from backend.observability.measures import Durations
from backend.records.send_stats import TOOK_STEPS
from backend.services.context import Shop
from backend.services.events.health import counts_by_minute
from backend.services.statistics.counters import summed
from backend.services.statistics.days import stats_by_day
from backend.services.system.usage import day_of, durations_between

Counted = tuple[int, int]
"""The number of good ones, and of all."""


def attainments(shop: Shop, actor: Actor) -> list[Attainment]:
    """Each objective of the table.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    last = day_of(shop.clock())
    first = last - timedelta(days=WINDOW_DAYS - 1)
    took = durations_between(shop, first, last)
    return [Attainment(target, *_counted(shop, target, took, first, last)) for target in TARGETS]


def slowest(shop: Shop, actor: Actor, number: int = 10) -> list[tuple[str, str, Durations]]:
    """Kind, name and durations of the slowest actions of the last 30 days.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    last = day_of(shop.clock())
    found = durations_between(shop, last - timedelta(days=WINDOW_DAYS - 1), last)
    waited = [(kind, name, took) for (kind, name), took in found.items() if kind in ("page", "api", "import")]
    return sorted(waited, key=lambda each: (-(each[2].percentile(0.95) or 0), -each[2].count))[:number]


def _counted(shop: Shop, target: Target, took: dict[tuple[str, str], Durations], first: date, last: date) -> Counted:
    if target.objective is Objective.SENDING:
        return _sent_in_time(shop, target.limit // 1000, first, last)
    if target.objective is Objective.EVENTS:
        return _taken_in_in_time(shop, target.limit // 1000)
    if target.objective is Objective.AVAILABILITY:
        asked = [each for (kind, _), each in took.items() if kind in ("page", "api")]
        total = sum(each.count for each in asked)
        return total - sum(each.failed for each in asked), total
    kind = "page" if target.objective is Objective.PAGES else "api"
    mine = [each for (each_kind, _), each in took.items() if each_kind == kind]
    return sum(each.within(target.limit) for each in mine), sum(each.count for each in mine)


def _taken_in_in_time(shop: Shop, seconds: int) -> Counted:
    """Events of the last day by the class of their time from the event to its application."""
    now = shop.clock()
    counts = summed(counts_by_minute(shop, now - timedelta(days=1), now).values())
    return _split(counts, "lag", seconds)


def _sent_in_time(shop: Shop, seconds: int, first: date, last: date) -> Counted:
    """Emails by the class of their time from the request to the provider."""
    counts = summed(day.counts() for day in stats_by_day(shop, first, last))
    return _split(counts, "took", seconds)


def _split(counts: Mapping[str, int], prefix: str, seconds: int) -> Counted:
    """Of counts by class of time: those up to so many seconds, and all."""
    good = sum(counts.get(f"{prefix}_{step}", 0) for step in TOOK_STEPS if step <= seconds)
    late = sum(counts.get(f"{prefix}_{step}", 0) for step in (*TOOK_STEPS, "more")) - good
    return good, good + late
