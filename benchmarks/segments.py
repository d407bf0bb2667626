"""The snapshot of the largest shop: how long it takes to make, and how fast segments and insights read it."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from backend.config import Settings
from backend.domain.segments import (
    Bought,
    Goods,
    Group,
    Match,
    Number,
    NumberField,
    NumberTest,
    Rule,
    WordField,
    Words,
)
from backend.domain.team import COMMAND_LINE
from backend.services.context import Shop
from backend.services.insights.at_risk import revenue_at_risk
from backend.services.insights.buyers import buyer_grid
from backend.services.insights.returning import returning, worth
from backend.services.segments.audience import audience_ids, count_segment
from backend.services.segments.ready import READY
from backend.services.snapshots.build import make_snapshot
from backend.workers.snapshots import by_processes
from benchmarks.big_shop import BigShop
from benchmarks.results import Measurement, timed

SNAPSHOT_SECONDS = 60.0
COUNT_MS = 300.0
_RUNS = 20
_BOUGHT = Rule(
    Group(
        Match.ALL,
        (
            Bought(Goods.SKU, ("PAP-450",), 180, negated=True),
            Number(NumberField.REVENUE, NumberTest.AT_LEAST, 10_000),
            Words(WordField.COUNTRY, ("DE", "US")),
        ),
    )
)


def measure(folder: Path, big: BigShop) -> Iterator[Measurement]:
    """Makes a snapshot in a folder of its own, queries it, and removes it."""
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        shop = replace(big.open(), data_dir=Path(aside))
        try:
            yield from _made(shop, big)
            for name, call in _questions(shop).items():
                timing = timed(call, runs=_RUNS, seconds=6)
                what = f"{name}, {big.customers:,} customers (median {timing.median:.1f} ms, p95)"
                target = COUNT_MS if name.startswith("count") else None
                yield Measurement("segments", what, timing.p95, "ms", timing.runs, target=target)
        finally:
            shop.store.close()


def _made(shop: Shop, big: BigShop) -> Iterator[Measurement]:
    before = _processor_seconds()
    made = make_snapshot(shop, read=by_processes(Settings(store_url=big.url, data_dir=shop.data_dir)))
    if made is None:
        return
    used = _processor_seconds() - before
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    what = (
        f"snapshot of {big.customers:,} customers and {made.orders:,} orders "
        f"({used:.0f} s of processors, {memory} MB a reader, {made.bytes / 1e6:.0f} MB on the disk)"
    )
    yield Measurement("segments", what, 1000 * made.seconds, "ms", 1, target=1000 * SNAPSHOT_SECONDS)


def _questions(shop: Shop) -> dict[str, Callable[[], object]]:
    counts: dict[str, Callable[[], object]] = {
        f"count of “{segment.name}”": partial(count_segment, shop, segment.rule) for segment in READY[1:3]
    }
    return counts | {
        "count of who has not bought a product lately": lambda: count_segment(shop, _BOUGHT),
        "all ids of a segment": lambda: sum(len(ids) for ids in audience_ids(shop, READY[-1].rule)),
        "grid of buyers": lambda: buyer_grid(shop, COMMAND_LINE),
        "retention and time between orders": lambda: returning(shop, COMMAND_LINE),
        "value of customers": lambda: worth(shop, COMMAND_LINE),
        "revenue at risk": lambda: revenue_at_risk(shop, COMMAND_LINE),
    }


def _processor_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
