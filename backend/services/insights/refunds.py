"""Refunds on the day on which they were made. The totals of days count them on the day of the order instead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.snapshots.queries import opened

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
