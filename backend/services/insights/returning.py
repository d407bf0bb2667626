"""Who comes back and what they are worth: retention by month of the first order, repeat rate, revenue over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from backend.domain.money import divided, half_up
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.segments.audience import today
from backend.services.snapshots.queries import Snapshot, opened

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


MOST_COHORTS = 12
GAPS = (7, 14, 30, 60, 90, 180, 365)
"""Upper ends of the classes of days between two orders; a last class holds what is longer."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """Customers whose first order was in this month (its first day).

    `active` counts how many of them ordered 0, 1, 2, … months later, up to the present month; the first is all of them.
    """

    month: date
    active: tuple[int, ...]

    @property
    def size(self) -> int:
        return self.active[0]


@dataclass(frozen=True, slots=True)
class Gap:
    """Pairs of orders that follow each other with `fewest` to `most` days between them (None: without an end)."""

    fewest: int
    most: int | None
    orders: int


@dataclass(frozen=True, slots=True)
class Returning:
    """`buyers` have ordered, `again` more than once. `median_days` is between two orders; None without such a pair."""

    cohorts: tuple[Cohort, ...]
    buyers: int
    again: int
    gaps: tuple[Gap, ...]
    median_days: int | None

    @property
    def repeat_rate(self) -> float:
        """Between 0 and 1; 0 without buyers."""
        return self.again / self.buyers if self.buyers else 0.0


_COHORTS = """
    SELECT date_trunc('month', first)::DATE AS cohort, datediff('month', first, day) AS later, count(DISTINCT n)
    FROM orders WHERE first >= $since AND day < $until GROUP BY cohort, later
"""
_REPEATED = "SELECT count(*) FILTER (place = 1), count(*) FILTER (place = 2), median(day - previous) FROM orders"
_GAPS = """
    SELECT len(list_filter($ends, lambda most: most < day - previous)) AS class, count(*)
    FROM orders WHERE previous IS NOT NULL GROUP BY class
"""


def returning(shop: Shop, actor: Actor) -> Returning:
    """Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`."""
    actor.require(Permission.VIEW_OVERVIEW)
    present = today(shop).replace(day=1)
    with opened(shop) as snapshot:
        cohorts = _cohorts(snapshot, present)
        ((buyers, again, median),) = snapshot.rows(_REPEATED, {})
        classes = snapshot.rows(_GAPS, {"ends": list(GAPS)})
    counts: dict[int, int] = dict(classes)
    starts = [0, *(end + 1 for end in GAPS)]
    ends: list[int | None] = [*GAPS, None]
    gaps = tuple(Gap(first, last, counts.get(n, 0)) for n, (first, last) in enumerate(zip(starts, ends, strict=True)))
    return Returning(cohorts, buyers, again, gaps, None if median is None else round(median))


def _cohorts(snapshot: Snapshot, present: date) -> tuple[Cohort, ...]:
    months = [present]
    for _ in range(MOST_COHORTS - 1):
        months.insert(0, _before(months[0]))
    following = (present + timedelta(days=32)).replace(day=1)
    rows = snapshot.rows(_COHORTS, {"since": months[0], "until": following})
    found = {(first, later): number for first, later, number in rows}
    cohorts = []
    for place, month in enumerate(months):
        if size := found.get((month, 0)):
            later = range(1, len(months) - place)
            cohorts.append(Cohort(month, (size, *(found.get((month, n), 0) for n in later))))
    return tuple(cohorts)


def _before(month: date) -> date:
    return date(month.year - 1, 12, 1) if month.month == 1 else month.replace(month=month.month - 1)
