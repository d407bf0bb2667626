"""The best customers of any days, of the newest snapshot. Those of whole months are kept: see `leaderboards`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.customers.leaderboards import Measure
from backend.services.snapshots.queries import opened

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
