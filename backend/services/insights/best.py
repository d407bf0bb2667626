"""The best customers of any days, and those about to be lost, of the newest snapshot.

The best of whole months are kept: see `leaderboards`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers.leaderboards import Measure
from backend.services.segments.audience import today
from backend.services.snapshots.queries import opened

LATE, LOST = 1.5, 4.0
"""They have waited for so many times their usual interval: less is usual, and more is lost already."""
SHORTEST = 7
"""Days; a shorter interval, as of two orders on one day, says nothing about habits."""
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Lapsing:
    """A customer with the day of the last order, the median of days between two orders, and the days since."""

    customer_id: str
    orders: int
    revenue: int
    last_order: date
    usual: int
    waiting: int


_SQL = """
    WITH habits AS (
        SELECT n, max(day) AS last, greatest(median(day - previous), $shortest) AS usual FROM orders
        GROUP BY n HAVING count(previous) > 0
    )
    SELECT id, orders, revenue, last, round(usual)::INTEGER, $today - last
    FROM habits JOIN customers USING (n)
    WHERE NOT archived AND $today - last >= $late * usual AND $today - last <= $lost * usual
    ORDER BY revenue DESC, id
"""


def lapsing_customers(shop: Shop, actor: Actor) -> list[Lapsing]:
    """All of them, those with most revenue first.

    Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    return list(walk_lapsing(shop, actor))


def walk_lapsing(shop: Shop, actor: Actor) -> Iterator[Lapsing]:
    """The same, some at a time. Raises: as `lapsing_customers`."""
    actor.require(Permission.VIEW_CUSTOMERS)
    asked = {"today": today(shop), "shortest": SHORTEST, "late": LATE, "lost": LOST}
    with opened(shop) as snapshot:
        for batch in snapshot.batches(_SQL, asked, _AT_ONCE):
            yield from (Lapsing(*row) for row in batch)


MOST = 1000


@dataclass(frozen=True, slots=True)
class Best:
    """A customer, with what they ordered in the period; revenue in minor units."""

    customer_id: str
    orders: int
    revenue: int


def best_customers(shop: Shop, actor: Actor, first: date, last: date, by: Measure, limit: int) -> list[Best]:
    """Raises: `PermissionDeniedError`, `InvalidInputError` for days that are upside down or too many customers,
    `SnapshotMissingError`, `SnapshotFailedError`.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    if first > last:
        raise InvalidInputError("The first day is after the last day.", "from")
    if not 1 <= limit <= MOST:
        raise InvalidInputError(f"Ask for {MOST:,} customers at most.", "limit")
    other = Measure.ORDERS if by is Measure.REVENUE else Measure.REVENUE
    sql = f"""
        SELECT id, number, net::BIGINT FROM (
            SELECT n, count(*) AS number, sum(net) AS net FROM orders WHERE day BETWEEN $first AND $last GROUP BY n
        ) JOIN customers USING (n) WHERE NOT archived
        ORDER BY {_COLUMNS[by]} DESC, {_COLUMNS[other]} DESC, id LIMIT {limit}
    """
    with opened(shop) as snapshot:
        return [Best(*row) for row in snapshot.rows(sql, {"first": first, "last": last})]


_COLUMNS = {Measure.REVENUE: "net", Measure.ORDERS: "number"}
