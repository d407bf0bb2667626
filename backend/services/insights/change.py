"""Why revenue changed between two periods, and the refunds made in one, of the newest snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.domain.revenue_change import Buyers, Group, Part, Side, explained
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.segments.audience import today
from backend.services.snapshots.queries import Snapshot, opened

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class RefundMade:
    """One refund; `amount` in minor units."""

    customer_id: str
    order_id: str
    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class RefundsMade:
    """The refunds of a period: their sum in minor units, their number, and the newest of them."""

    amount: int
    number: int
    newest: tuple[RefundMade, ...]


_MADE = "FROM refunds WHERE day BETWEEN $first AND $last"


def refunds_made(shop: Shop, actor: Actor, first: date, last: date) -> RefundsMade:
    """Of orders of any day, also of those that were cancelled since; both ends included.

    Raises: `PermissionDeniedError`, `InvalidInputError` for days that are upside down, `SnapshotMissingError`,
    `SnapshotFailedError`.
    """
    actor.require(Permission.VIEW_OVERVIEW)
    if first > last:
        raise InvalidInputError("The first day is after the last day.", "from")
    days = {"first": first, "last": last}
    with opened(shop) as snapshot:
        ((amount, number),) = snapshot.rows(f"SELECT coalesce(sum(amount), 0)::BIGINT, count(*) {_MADE}", days)
        rows = snapshot.rows(
            f"SELECT customer, order_id, day, amount {_MADE} ORDER BY day DESC, amount DESC, order_id"
            f" LIMIT {MOST_LISTED}",
            days,
        )
    return RefundsMade(amount, number, tuple(RefundMade(*row) for row in rows))


Days = tuple[date, date]
"""The first and the last day, both included."""


@dataclass(frozen=True, slots=True)
class Change:
    """Both periods, and the parts of their difference in revenue, which add up to it."""

    before: Side
    now: Side
    parts: tuple[Part, ...]

    @property
    def amount(self) -> int:
        """Minor units."""
        return self.now.revenue - self.before.revenue


_SQL = """
    SELECT first >= $first, count(DISTINCT n), count(*), sum(net + refunded + discount)::BIGINT,
        sum(discount)::BIGINT, sum(refunded)::BIGINT
    FROM orders WHERE day BETWEEN $first AND $last GROUP BY first >= $first
"""


def revenue_change(shop: Shop, actor: Actor, before: Days, now: Days) -> Change:
    """Raises: `PermissionDeniedError`, `InvalidInputError` for days that are upside down, `SnapshotMissingError`,
    `SnapshotFailedError`.
    """
    actor.require(Permission.VIEW_OVERVIEW)
    if before[0] > before[1] or now[0] > now[1]:
        raise InvalidInputError("The first day is after the last day.", "from")
    present = today(shop)
    with opened(shop) as snapshot:
        old, new = _side(snapshot, before, present), _side(snapshot, now, present)
    return Change(old, new, tuple(explained(old, new)))


def _side(snapshot: Snapshot, days: Days, present: date) -> Side:
    first, last = days
    rows = snapshot.rows(_SQL, {"first": first, "last": last})
    buyers = {Group.NEW if is_new else Group.RETURNING: Buyers(*numbers[:3]) for is_new, *numbers in rows}
    length = (min(last, present) - first).days + 1
    return Side(max(length, 1), buyers, sum(row[4] for row in rows), sum(row[5] for row in rows))
