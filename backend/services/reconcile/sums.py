"""Sums that many customers share: the totals of days, and the numbers of customers by tag and country.

They are added up while everything is read. What differs then may only have moved meanwhile, so it is counted again,
exactly and twice.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from backend.domain.totals import Totals
from backend.records.customers import count_keys
from backend.records.totals import totals_item
from backend.services.context import Shop
from backend.services.reconcile.counts import CounterCount, DayCount, count_counters, count_day
from backend.services.reconcile.findings import Drift, Finding, as_found
from backend.services.reconcile.partitions import Partition
from backend.store import schema
from backend.store.port import Delete, Item, Key, Update, Write

SETTLE_SECONDS = 1.0
"""Between the two counts: longer than DynamoDB's indexes usually need."""

Pause = Callable[[float], None]


@dataclass(slots=True)
class Sums:
    """What was added up and what was found, by the key of the item that keeps it."""

    days: defaultdict[Key, Totals] = field(default_factory=lambda: defaultdict(Totals))
    counters: Counter[Key] = field(default_factory=Counter)
    kept: dict[Key, Item] = field(default_factory=dict)

    def add(self, partition: Partition) -> None:
        for order in partition.orders:
            key, counts = schema.day_key(order.day, partition.customer_id), order.counts
            self.days[key] = self.days[key].plus(
                Totals(counts.orders, counts.revenue, counts.refunded, counts.cancelled)
            )
        if partition.first_day:
            key = schema.day_key(partition.first_day, partition.customer_id)
            self.days[key] = self.days[key].plus(Totals(new_customers=1))
        self.counters.update(count_keys(partition.customer))

    def suspect_days(self) -> list[str]:
        keys = {key for key in self.kept if schema.is_day(key)} | set(self.days)
        off = (key for key in keys if _drifts("", totals_item(self.days[key]), self.kept.get(key, {})))
        return sorted({schema.day_in(key) for key in off})

    def suspect_counters(self) -> list[Key]:
        keys = {key for key in self.kept if not schema.is_day(key)} | set(self.counters)
        return sorted(key for key in keys if not _is_same(self.kept.get(key, {}).get("n", 0), self.counters[key]))


def is_sum(key: Key) -> bool:
    return schema.is_day(key) or bool(schema.counted_in(key)[0])


@dataclass(slots=True)
class Verdict:
    """What is wrong for certain, and how many figures kept changing."""

    findings: list[Finding] = field(default_factory=list)
    unsettled: int = 0


def verdict_on(shop: Shop, sums: Sums, pause: Pause = time.sleep) -> Verdict:
    """What of the suspects is wrong in two exact counts."""
    days = [day for day in sums.suspect_days() if _is_wrong(count_day(shop, day))]
    counters = [key for key, count in count_counters(shop, sums.suspect_counters()).items() if _is_off(count)]
    if not days and not counters:
        return Verdict()
    pause(SETTLE_SECONDS)
    verdict = Verdict()
    for day in days:
        counted = count_day(shop, day)
        verdict.unsettled += counted is None
        verdict.findings += _wrong_days(counted) if counted else []
    for key, count in count_counters(shop, counters).items():
        verdict.unsettled += count is None
        if count is not None and _is_off(count):
            verdict.findings.append(_wrong_counter(key, count))
    return verdict


def _is_wrong(count: DayCount | None) -> bool:
    return count is None or any(True for _ in _wrong_days(count))


def _is_off(count: CounterCount | None) -> bool:
    return count is None or not _is_same(count.kept.get("n", 0), count.wanted)


def _wrong_days(count: DayCount) -> Iterator[Finding]:
    for key in sorted({*count.kept, *count.wanted}):
        item, wanted = count.kept.get(key, {}), totals_item(count.wanted.get(key, Totals()))
        if wrong := _drifts(f"day {schema.day_in(key)}, part {key.sk.rpartition('#')[2]}: ", wanted, item):
            yield Finding(wrong, (_repair(key, wanted, item),))


def _drifts(part: str, wanted: Item, item: Item) -> tuple[Drift, ...]:
    wrong = [name for name, value in wanted.items() if not _is_same(item.get(name, 0), value)]
    return tuple(Drift(f"{part}{name}", _shown(wanted[name]), _shown(item.get(name, 0))) for name in wrong)


def _wrong_counter(key: Key, count: CounterCount) -> Finding:
    kind, value, part = schema.counted_in(key)
    what = f"customers of {kind} {value}, part {part}"
    drift = Drift(what, count.wanted, _shown(count.kept.get("n", 0)))
    return Finding((drift,), (_repair(key, {"n": count.wanted}, count.kept),))


def _repair(key: Key, wanted: Item, found: Item) -> Write:
    """A sum of nothing is taken out."""
    seen = as_found(found, list(wanted))
    return Update(key, set=wanted, condition=seen) if any(wanted.values()) else Delete(key, seen)


def _is_same(found: object, wanted: object) -> bool:
    return type(found) is int and found == wanted


def _shown(value: object) -> int | str:
    return value if type(value) is int else "no number"
