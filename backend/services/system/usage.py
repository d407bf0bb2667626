"""Usage of the store and durations of actions, added up by day for all processes.

Each process adds once a minute what it has counted since the last time. A process that is killed loses up to a minute.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from backend.domain.time import months_between
from backend.observability.measures import STEPS_MS, Durations, Measured, Measures
from backend.records.values import number
from backend.services.context import Shop
from backend.services.unreadable.items import readable, readable_rows
from backend.store import schema
from backend.store.meter import Meter, Usage
from backend.store.port import Item, Plus, Query, Update, pages_of

_MOST_PATTERNS = 80
_UNSAFE = re.compile(r"[^A-Za-z0-9_.{}/ -]")


@dataclass(slots=True)
class SavedUsage:
    """The counters of a process, and which part of them is saved already. Used by one thread."""

    meter: Meter
    measures: Measures
    usage: dict[str, Usage] = field(default_factory=dict)
    measured: Measured = field(default_factory=Measured)


@dataclass(frozen=True, slots=True)
class DayUsage:
    """What all processes used on a day of UTC, by access pattern."""

    day: date
    patterns: dict[str, Usage]

    @property
    def total(self) -> Usage:
        return sum_of(self.patterns.values())


def sum_of(parts: Iterable[Usage]) -> Usage:
    """All together."""
    found = list(parts)
    return Usage(
        sum(each.requests for each in found),
        sum(each.read_units for each in found),
        sum(each.write_units for each in found),
        sum(each.throttled for each in found),
    )


def save_usage(shop: Shop, saved: SavedUsage) -> None:
    """Saves what was counted since the last call.

    Raises: `StoreBusyError`, `StoreUnreachableError`; counts whose write is uncertain are not added twice.
    """
    now = shop.clock()
    usage, measured = saved.meter.usage(), saved.measures.measured()
    before, saved.usage = saved.usage, usage
    measured_before, saved.measured = saved.measured, measured
    added = _usage_added(usage, before)
    if added:
        shop.store.update(Update(schema.usage_key(f"{now:%Y-%m-%d}"), add=added))
    for kind, counts in _durations_added(measured, measured_before).items():
        shop.store.update(Update(schema.durations_key(f"{now:%Y-%m-%d}", kind), add=counts))


def usage_by_day(shop: Shop, month: str) -> list[DayUsage]:
    """The days of a month ("2026-11") on which anything was used."""
    rows = pages_of(shop.store, Query(schema.MAIL, schema.usage_partition(month), limit=100))
    return [
        *readable_rows(
            shop, rows, lambda row: DayUsage(date.fromisoformat(f"{month}-{row.key.sk}"), _patterns_in(row.item))
        )
    ]


def durations_between(shop: Shop, first: date, last: date) -> dict[tuple[str, str], Durations]:
    """How long actions took on these days of UTC, by kind and name."""
    found: dict[tuple[str, str], Durations] = {}
    for month in months_between(first, last):
        for row in pages_of(shop.store, Query(schema.MAIL, schema.durations_partition(month), limit=200)):
            day, kind = schema.day_and_kind(row.key)
            if not first <= date.fromisoformat(f"{month}-{day}") <= last:
                continue
            for durations in readable(shop, [row], lambda _, item: _durations_in(item)):
                for name, took in durations.items():
                    found[kind, name] = found.get((kind, name), Durations()).plus(took)
    return found


def day_of(moment: datetime) -> date:
    """The day of UTC by which usage is kept."""
    return date.fromisoformat(f"{moment:%Y-%m-%d}")


def _usage_added(now: Mapping[str, Usage], before: Mapping[str, Usage]) -> dict[str, Plus]:
    sums: dict[str, int] = {}
    for place, (pattern, usage) in enumerate(sorted(now.items(), key=lambda pair: -pair[1].requests)):
        name = _UNSAFE.sub("_", pattern) if place < _MOST_PATTERNS else "other"
        old = before.get(pattern, Usage())
        news = {
            "q": usage.requests - old.requests,
            "r": round(2 * (usage.read_units - old.read_units)),
            "w": round(2 * (usage.write_units - old.write_units)),
            "t": usage.throttled - old.throttled,
        }
        for letter, more in news.items():
            sums[f"{letter}:{name}"] = sums.get(f"{letter}:{name}", 0) + more
    return {name: Plus(more) for name, more in sums.items() if more}


def _patterns_in(item: Item) -> dict[str, Usage]:
    """Units are stored as halves: an eventually consistent read of 4 KB is half a unit."""
    found: dict[str, Usage] = {}
    for attribute in item:
        letter, colon, pattern = attribute.partition(":")
        if not colon:
            continue
        usage, value = found.setdefault(pattern, Usage()), number(item, attribute)
        usage.requests += value if letter == "q" else 0
        usage.read_units += value / 2 if letter == "r" else 0
        usage.write_units += value / 2 if letter == "w" else 0
        usage.throttled += value if letter == "t" else 0
    return found


def _durations_added(now: Measured, before: Measured) -> dict[str, dict[str, Plus]]:
    found: dict[str, dict[str, Plus]] = {}
    for (kind, name), took in now.actions.items():
        old = before.actions.get((kind, name), Durations())
        classes = zip((*STEPS_MS, "more"), took.classes, old.classes, strict=True)
        news = {str(step): new - known for step, new, known in classes}
        news |= {"failed": took.failed - old.failed, "ms": took.milliseconds - old.milliseconds}
        for part, more in news.items():
            if more:
                found.setdefault(kind, {})[f"{_UNSAFE.sub('_', name)}~{part}"] = Plus(more)
    return found


def _durations_in(item: Item) -> dict[str, Durations]:
    parts: dict[str, dict[str, int]] = {}
    for attribute in item:
        name, sign, part = attribute.rpartition("~")
        if sign:
            parts.setdefault(name, {})[part] = number(item, attribute)
    return {
        name: Durations(
            tuple(found.get(str(step), 0) for step in (*STEPS_MS, "more")), found.get("failed", 0), found.get("ms", 0)
        )
        for name, found in parts.items()
    }


AT_ONCE = 1000
"""Items of each table that are removed in one transaction, so that nobody waits long for it."""


def remove_expired(shop: Shop) -> bool:
    """Removes a batch of expired items; returns whether there may be more."""
    return shop.store.sweep(int(shop.clock().timestamp()), AT_ONCE) >= AT_ONCE
