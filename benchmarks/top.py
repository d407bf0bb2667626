"""The top 25 customers, from ten thousand to a million: kept leaderboards beside adding everything up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backend.services.customers.leaderboards import Measure, top_customers
from benchmarks import naive
from benchmarks.big_shop import BigShop
from benchmarks.results import Measurement, timed, timed_once

LIMIT = 25
TARGET_MS = 2.0
TARGET_GROWTH = 1.5


def measure(shops: Sequence[BigShop]) -> Iterator[Measurement]:
    """Yields a line for each shop and way, and how much slower the largest shop is than the smallest."""
    medians: list[float] = []
    for big in shops:
        kept, lines = _kept(big)
        medians.append(kept)
        yield from lines
    growth = medians[-1] / medians[0]
    what = f"top {LIMIT}: time at {shops[-1].customers:,} customers as a multiple of {shops[0].customers:,}"
    yield Measurement("top", what, growth, "times", 1, target=TARGET_GROWTH)


def _kept(big: BigShop) -> tuple[float, list[Measurement]]:
    shop = big.open()
    month = f"{big.made_at:%Y-%m}"
    try:
        by_revenue = timed(lambda: top_customers(shop, Measure.REVENUE, limit=LIMIT), runs=300)
        by_orders = timed(lambda: top_customers(shop, Measure.ORDERS, limit=LIMIT), runs=300)
        of_month = timed(lambda: top_customers(shop, Measure.REVENUE, month, limit=LIMIT), runs=300)
        best = [(each.id, each.orders, each.revenue) for each in top_customers(shop, Measure.REVENUE, limit=LIMIT)]
    finally:
        shop.store.close()
    sql = timed(lambda: naive.top_by_sql(big.naive, LIMIT), runs=5, seconds=20)
    _check(best, naive.top_by_sql(big.naive, LIMIT))
    covered = timed(lambda: naive.top_by_sql(big.naive, LIMIT, covered=True), runs=5, seconds=20)
    loading = timed_once(lambda: naive.load_frame(big.naive))
    frame = naive.load_frame(big.naive)
    pandas = timed(lambda: naive.top_by_pandas(frame, LIMIT), runs=5, seconds=20)
    _check(best, naive.top_by_pandas(frame, LIMIT))
    size = f"{big.customers:,} customers, {big.orders:,} orders"
    ways = {
        "GROUP BY in SQLite": sql.median,
        "GROUP BY over a covering index": covered.median,
        f"pandas, after a load of {loading:,.0f} ms": pandas.median,
    }
    return by_revenue.median, [
        *(
            _line(f"top {LIMIT} by revenue, {size}", by_revenue.median, by_revenue.runs, took, way)
            for way, took in ways.items()
        ),
        _line(f"top {LIMIT} by orders, {size}", by_orders.median, by_orders.runs),
        _line(f"top {LIMIT} of a month, {size}", of_month.median, of_month.runs),
    ]


def _line(what: str, value: float, runs: int, naive_ms: float | None = None, way: str = "") -> Measurement:
    return Measurement("top", what, value, "ms", runs, naive_ms, way, TARGET_MS)


def _check(ours: list[tuple[str, int, int]], theirs: list[tuple[str, int, int]]) -> None:
    if ours != theirs:
        raise AssertionError("The kept leaderboard and the sum of all orders differ.")
