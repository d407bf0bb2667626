"""The orders behind a part of a change in revenue: exactly those that it counted, with what it counted of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from backend.domain.orders import OrderSummary
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.records.orders import summary_from
from backend.services.context import Shop
from backend.services.insights.change import Days
from backend.services.listing import number_in
from backend.services.snapshots.queries import opened
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.port import Row

_AT_ONCE = 300


class Counted(StrEnum):
    """Which orders of a period a part counts."""

    ALL = "all orders"
    NEW = "orders of new customers"
    RETURNING = "orders of returning customers"
    DISCOUNTED = "orders with a discount"
    REFUNDED = "orders with a refund"


_VALUE = "net + refunded + discount"
_AMOUNTS = {Counted.DISCOUNTED: "discount", Counted.REFUNDED: "refunded"}
_FITS = {
    Counted.ALL: "true",
    Counted.NEW: "first >= $first",
    Counted.RETURNING: "first < $first",
    Counted.DISCOUNTED: "discount <> 0",
    Counted.REFUNDED: "refunded <> 0",
}


@dataclass(frozen=True, slots=True)
class Behind:
    """One page of such orders, newest first, each with what was counted of it, and the sums of all pages.

    Amounts are in minor units: the value before discounts and refunds, the discount, or the refund. An order that
    cannot be read any more is left out of the page, and counts in the sums.
    """

    orders: tuple[tuple[OrderSummary, int], ...]
    number: int
    amount: int
    cursor: str | None


def orders_behind(
    shop: Shop, actor: Actor, days: Days, counted: Counted, *, limit: int = 20, cursor: str | None = None
) -> Behind:
    """Raises: `PermissionDeniedError`, `InvalidInputError` for days that are upside down or a cursor of another list,
    `SnapshotMissingError`, `SnapshotFailedError`.
    """
    _check(actor, days)
    start = max(number_in(cursor, "from"), 0) if cursor else 0
    asked = {"first": days[0], "last": days[1]}
    of_period = f"FROM orders WHERE day BETWEEN $first AND $last AND {_FITS[counted]}"
    with opened(shop) as snapshot:
        sums = f"SELECT count(*), coalesce(sum({_amount(counted)}), 0)::BIGINT {of_period}"
        ((number, amount),) = snapshot.rows(sums, asked)
        found = snapshot.rows(f"{_sql(counted)} LIMIT {limit} OFFSET {start}", asked)
    keys = [schema.order_key(customer, order) for customer, order, _ in found]
    items = shop.store.get_many(keys)
    summaries = readable_rows(shop, (Row(key, items[key]) for key in keys if key in items), summary_from)
    amounts = {(customer, order): part for customer, order, part in found}
    listed = tuple((each, amounts[each.customer_id, each.id]) for each in summaries)
    end = start + limit
    return Behind(listed, number, amount, encode_cursor({"from": end}) if end < number else None)


def walk_behind(shop: Shop, actor: Actor, days: Days, counted: Counted) -> Iterator[list[tuple[str, str, int]]]:
    """All of them, some at a time: customer, order, and what was counted. Raises: as `orders_behind`."""
    _check(actor, days)
    with opened(shop) as snapshot:
        yield from snapshot.batches(_sql(counted), {"first": days[0], "last": days[1]}, _AT_ONCE)


def _check(actor: Actor, days: Days) -> None:
    actor.require(Permission.VIEW_OVERVIEW)
    actor.require(Permission.VIEW_ORDERS)
    if days[0] > days[1]:
        raise InvalidInputError("The first day is after the last day.", "from")


def _amount(counted: Counted) -> str:
    return _AMOUNTS.get(counted, _VALUE)


def _sql(counted: Counted) -> str:
    return f"""
        SELECT customers.id, order_id, ({_amount(counted)})::BIGINT FROM orders JOIN customers USING (n)
        WHERE day BETWEEN $first AND $last AND {_FITS[counted]} ORDER BY day DESC, order_id DESC
    """
