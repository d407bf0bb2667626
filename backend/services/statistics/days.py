"""The counters of whole days, kept in memory: a month is 17,000 counters in the store, and seldom changes.

Reports about a message count in the hour of its request, so that days which are over still change: much on the next
day, little after. So today is read each time, yesterday after a minute, and older days after ten.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from weakref import WeakKeyDictionary

from backend.services.context import Shop
from backend.services.statistics.counters import checked_days, stats_by_hour, summed
from backend.store.port import Store

_FRESH = timedelta(minutes=1)
_OLD = timedelta(minutes=10)
_SPREAD = timedelta(seconds=11)
"""Older days fall due one after the other, so that no single look at a month reads all of them again."""
_MOST_DAYS = 1000


@dataclass(frozen=True, slots=True)
class DayStats:
    """The counters of one of the shop's days by template. They are shared, so nobody changes them."""

    day: date
    templates: dict[str, dict[str, int]]

    def counts(self, template: str = "") -> dict[str, int]:
        """The counters of one template, or of all ("")."""
        return self.templates.get(template, {}) if template else summed(self.templates.values())


def stats_by_day(shop: Shop, first: date, last: date) -> list[DayStats]:
    """Counters of each day, both ends included. Costs a query for each day that is not in memory, or too old there.

    Raises: `InvalidInputError` when the range is upside down or too long.
    """
    with _lock:
        kept = _kept.setdefault(shop.store, _Days())
    return [kept.get(shop, day) for day in checked_days(first, last)]


class _Days:
    """Days that were read, by the shop's time zone, and when."""

    def __init__(self) -> None:
        self._days: OrderedDict[Hashable, tuple[datetime, DayStats]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, shop: Shop, day: date) -> DayStats:
        now = shop.clock()
        patience = _patience(day, now.astimezone(shop.zone).date())
        with self._lock:
            read_at, stats = self._days.get(day, (None, None))
        if stats is not None and read_at is not None and timedelta(0) <= now - read_at < patience:
            return stats
        stats = _read(shop, day)
        with self._lock:
            self._days[day] = (now, stats)
            self._days.move_to_end(day)
            while len(self._days) > _MOST_DAYS:
                self._days.popitem(last=False)
        return stats


def _patience(day: date, today: date) -> timedelta:
    """How long a day's counters may be shown before they are read again."""
    if day >= today:
        return timedelta(0)
    return _FRESH if day == today - timedelta(days=1) else _OLD + day.toordinal() % 31 * _SPREAD


def _read(shop: Shop, day: date) -> DayStats:
    by_template: dict[str, list[dict[str, int]]] = {}
    for hour in stats_by_hour(shop, day, day):
        by_template.setdefault(hour.template, []).append(hour.counts)
    return DayStats(day, {template: summed(counts) for template, counts in by_template.items()})


_lock = threading.Lock()
_kept: WeakKeyDictionary[Store, _Days] = WeakKeyDictionary()
