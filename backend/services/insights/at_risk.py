"""Revenue at risk: good customers whom marketing mail does not reach, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from backend.domain.customers import CustomerSummary
from backend.domain.segments import ConsentState, EmailState
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.segments.audience import today
from backend.services.segments.preview import summaries
from backend.services.snapshots.queries import opened

GOOD_FROM = 4
"""The money score from which a customer is a good one: two fifths of the buyers have it."""
DAYS = 365
MOST_LISTED = 25


class Barrier(StrEnum):
    """Why mail does not reach somebody, the first that holds. The last two can still be asked for consent."""

    NO_ADDRESS = "No email address"
    BOUNCED = "Mail bounced"
    COMPLAINED = "Marked mail as spam"
    BLOCKED = "Blocked by hand"
    UNSUBSCRIBED = "Unsubscribed"
    REFUSED = "Declined marketing"
    UNASKED = "Never asked"


_BY_STATE = {
    EmailState.NO_ADDRESS: Barrier.NO_ADDRESS,
    EmailState.BOUNCED: Barrier.BOUNCED,
    EmailState.COMPLAINED: Barrier.COMPLAINED,
    EmailState.BLOCKED: Barrier.BLOCKED,
    EmailState.UNSUBSCRIBED: Barrier.UNSUBSCRIBED,
}
_BY_CONSENT = {ConsentState.REFUSED: Barrier.REFUSED, ConsentState.UNANSWERED: Barrier.UNASKED}


@dataclass(frozen=True, slots=True)
class Lost:
    """Good customers behind one barrier; revenue in minor units, of all time and of the last 365 days."""

    barrier: Barrier
    customers: int
    revenue: int
    recent: int


@dataclass(frozen=True, slots=True)
class AtRisk:
    """`good` is the number of good customers, `recent` their revenue of the last 365 days (minor units)."""

    good: int
    recent: int
    lost: tuple[Lost, ...]

    @property
    def lost_customers(self) -> int:
        return sum(each.customers for each in self.lost)

    @property
    def lost_recent(self) -> int:
        """Revenue of the last 365 days from customers whom mail does not reach, in minor units."""
        return sum(each.recent for each in self.lost)


_CASES = " ".join(
    [
        *(f"WHEN email = '{state.value}' THEN '{barrier.value}'" for state, barrier in _BY_STATE.items()),
        *(f"WHEN consent = '{state.value}' THEN '{barrier.value}'" for state, barrier in _BY_CONSENT.items()),
    ]
)
_GOOD = f"""
    good AS (
        SELECT n, id, revenue, CASE {_CASES} ELSE '' END AS barrier
        FROM customers WHERE NOT archived AND money >= {GOOD_FROM}
    )
"""
_SUMS = f"""
    WITH {_GOOD},
        recent AS (SELECT n, sum(net) AS net FROM orders WHERE day > $since GROUP BY n)
    SELECT barrier, count(*), sum(revenue)::BIGINT, coalesce(sum(net), 0)::BIGINT
    FROM good LEFT JOIN recent USING (n) GROUP BY barrier
"""
_LIST = f"""
    WITH {_GOOD}
    SELECT id FROM good WHERE barrier <> '' AND ($barrier = '' OR barrier = $barrier)
    ORDER BY revenue DESC, id LIMIT {MOST_LISTED}
"""


def revenue_at_risk(shop: Shop, actor: Actor) -> AtRisk:
    """Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`."""
    actor.require(Permission.VIEW_OVERVIEW)
    with opened(shop) as snapshot:
        rows = snapshot.rows(_SUMS, {"since": today(shop) - timedelta(days=DAYS)})
    found = {barrier: (customers, revenue, recent) for barrier, customers, revenue, recent in rows}
    lost = [Lost(barrier, *found[barrier]) for barrier in Barrier if barrier in found]
    return AtRisk(
        good=sum(numbers[0] for numbers in found.values()),
        recent=sum(numbers[2] for numbers in found.values()),
        lost=tuple(sorted(lost, key=lambda each: -each.recent)),
    )


def customers_at_risk(shop: Shop, actor: Actor, barrier: Barrier | None = None) -> list[CustomerSummary]:
    """The best of them, as the store has them now: behind one barrier, or behind any.

    Raises: `PermissionDeniedError`, `SnapshotMissingError`, `SnapshotFailedError`.
    """
    actor.require(Permission.VIEW_CUSTOMERS)
    with opened(shop) as snapshot:
        ids = snapshot.rows(_LIST, {"barrier": barrier.value if barrier else ""})
    return summaries(shop, [row[0] for row in ids])
