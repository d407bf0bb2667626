"""What a customer is worth: revenue of all time, and how it grows with the months after the first order."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.money import divided, half_up
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.segments.audience import today
from backend.services.snapshots.queries import opened

MONTHS = (1, 3, 6, 12, 24)


@dataclass(frozen=True, slots=True)
class Growth:
    """What customers had spent on average (minor units) so many months after their first order.

    Only those count whose first order is at least that long ago; `customers` says how many they are.
    """

    months: int
    customers: int
    average: int


@dataclass(frozen=True, slots=True)
class Worth:
    """Revenue of a customer who has ordered, in minor units. `top_share` is what the best tenth brings, 0 to 1."""

    buyers: int
    average: int
    median: int
    top_share: float
    growth: tuple[Growth, ...]


_SUMS = """
    SELECT count(*), coalesce(avg(revenue), 0), coalesce(median(revenue), 0),
        coalesce(sum(revenue) FILTER (place <= greatest(number // 10, 1)), 0), coalesce(sum(revenue), 0)
    FROM (
        SELECT revenue, row_number() OVER (ORDER BY revenue DESC) AS place, count(*) OVER () AS number
        FROM customers WHERE orders > 0
    )
"""
_GROWTH = ", ".join(
    f"count(*) FILTER (place = 1 AND first + to_months({months}) <= $today),"
    f" sum(net) FILTER (day < first + to_months({months}) AND first + to_months({months}) <= $today)"
    for months in MONTHS
)


def worth(shop: Shop, actor: Actor) -> Worth:
    """Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`."""
    actor.require(Permission.VIEW_OVERVIEW)
    now = today(shop)
    with opened(shop) as snapshot:
        ((buyers, average, median, best, whole),) = snapshot.rows(_SUMS, {})
        (numbers,) = snapshot.rows(f"SELECT {_GROWTH} FROM orders", {"today": now})
    pairs = zip(MONTHS, numbers[::2], numbers[1::2], strict=True)
    growth = tuple(Growth(months, number, divided(int(spent), number)) for months, number, spent in pairs if number)
    share = float(best) / float(whole) if whole else 0.0
    return Worth(buyers, half_up(average), half_up(median), share, growth)
