"""One customer's own items: the ranks of all time and of each month, the first day, and the lists of the orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from backend.domain.customers import Customer
from backend.domain.orders import Contribution, OrderStatus, counted
from backend.records.conversion import key_of_row, reads
from backend.records.customers import customer_from
from backend.records.orders import net_of
from backend.records.ranks import figure, rank_attributes
from backend.records.values import flag, number, rows, text
from backend.services.context import Shop
from backend.services.customers.writes import MONTHS_PER_TRANSACTION
from backend.services.reconcile.findings import Drift, Figure, Finding, as_found
from backend.store import schema
from backend.store.port import MAX_TRANSACTION_WRITES, AllOf, Check, Item, Key, Query, Row, Update, Write, pages_of

_RANKS = ("rank_orders", "rank_revenue", "board")
_SHOWN = ("name", "email", "country")


@dataclass(frozen=True, slots=True)
class Placed:
    """One stored order, as far as totals care."""

    key: Key
    item: Item
    day: str
    refunded: int
    counts: Contribution


@dataclass(slots=True)
class Partition:
    """A customer's items: the profile, the months and the orders."""

    customer: Customer
    profile: Item
    months: dict[str, Item] = field(default_factory=dict)
    orders: list[Placed] = field(default_factory=list)

    @property
    def customer_id(self) -> str:
        return self.customer.id

    @property
    def first_day(self) -> str:
        return min((order.day for order in self.orders), default="")


def read_partition(shop: Shop, customer_id: str, *, consistent: bool) -> Partition | None:
    """The customer's items as they are now; None when there is no such customer."""
    ends = (schema.PROFILE, schema.ORDERS + "~")
    query = Query(schema.SHOP, schema.customer_partition(customer_id), between=ends, limit=1000, consistent=consistent)
    return partition_of(customer_id, list(pages_of(shop.store, query)))


def partition_of(customer_id: str, found: Sequence[Row]) -> Partition | None:
    """The rows of a customer's partition, sorted out.

    Raises: `UnreadableItemError` for items of another shape.
    """
    profile = next((row.item for row in found if row.key.sk == schema.PROFILE), None)
    if profile is None:
        return None
    partition = Partition(customer_from(customer_id, profile), profile)
    for row in found:
        if schema.is_month(row.key):
            partition.months[schema.month_of(row.key)] = row.item
        elif schema.is_order(row.key):
            partition.orders.append(placed_from(row))
    return partition


@reads(key_of_row)
def placed_from(row: Row) -> Placed:
    """A stored order. Raises: `UnreadableItemError`."""
    item = row.item
    refunded = sum(refund[1] for refund in rows(item, "refunds") if isinstance(refund[1], int))
    counts = counted(
        OrderStatus.CANCELLED if text(item, "status") == OrderStatus.CANCELLED else OrderStatus.PAID,
        number(item, "total"),
        refunded,
        gift_cards=number(item, "gift_cards", 0),
        paid=number(item, "paid") if "paid" in item else None,
        test=flag(item, "test"),
    )
    return Placed(row.key, item, date.fromisoformat(text(item, "day")).isoformat(), refunded, counts)


def examine(partition: Partition) -> list[Finding]:
    """What is wrong with the customer's ranks, months and lists, as few transactions as possible.

    Every order that comes or goes changes the ranks of its customer. So with these as a condition, no repair can
    overwrite what was not seen.
    """
    wrong = [(key, item, _differences(item, wanted)) for key, item, wanted in _wanted(partition)]
    wrong = [each for each in wrong if each[2]]
    room = MAX_TRANSACTION_WRITES - 1
    return [_finding(partition, wrong[start : start + room]) for start in range(0, len(wrong), room)]


def _differences(item: Item, wanted: Item) -> Item:
    return {name: value for name, value in wanted.items() if item.get(name) != value}


def _finding(partition: Partition, wrong: Sequence[tuple[Key, Item, Item]]) -> Finding:
    drifts = [drift for key, item, names in wrong for drift in _drifts(partition.customer_id, key, item, names)]
    repairs = {key: _repair(key, item, names) for key, item, names in wrong}
    return Finding(tuple(drifts), tuple(_guarded(partition, repairs)))


def _wanted(partition: Partition) -> Iterator[tuple[Key, Item, Item]]:
    """Each item with the attributes that it has to have (None: that it must not have)."""
    customer_id = partition.customer_id
    yield _wanted_profile(partition)
    shown = {name: partition.profile.get(name) for name in _SHOWN}
    months = sorted({*partition.months, *(order.day[:7] for order in partition.orders)}, reverse=True)
    for place, month in enumerate(months):
        counts = [order.counts for order in partition.orders if order.day[:7] == month]
        ranks = _ranks(month, customer_id, counts)
        item = partition.months.get(month, {})
        wanted = ranks | (shown if place < MONTHS_PER_TRANSACTION or not item else {})
        yield schema.customer_month_key(customer_id, month), item, wanted
    for order in partition.orders:
        yield order.key, order.item, _wanted_order(order)


def _wanted_profile(partition: Partition) -> tuple[Key, Item, Item]:
    customer_id, item = partition.customer_id, partition.profile
    wanted = _ranks("ALL", customer_id, [order.counts for order in partition.orders])
    wanted["first_day"] = partition.first_day or None
    wanted["line"] = schema.customer_line(customer_id)
    wanted["line_at"] = schema.place_of(text(item, "created_at"), customer_id)
    return schema.customer_key(customer_id), item, wanted


def _ranks(period: str, customer_id: str, counts: Sequence[Contribution]) -> Item:
    orders, revenue = sum(each.orders for each in counts), sum(each.revenue for each in counts)
    return {"board": None} | rank_attributes(period, customer_id, orders, revenue)


def _wanted_order(order: Placed) -> Item:
    placed = schema.moment_in(text(order.item, "line_at", ""))
    return {
        "line": schema.order_line(order.day[:7], text(order.item, "status")),
        "line_at": schema.place_of(placed, schema.order_id_of(order.key)),
        "refunded": order.refunded,
        "net": net_of(number(order.item, "total"), order.refunded, order.counts),
    }


def _repair(key: Key, item: Item, wrong: Item) -> Update:
    kept: Item = {name: value for name, value in wrong.items() if value is not None}
    gone = [name for name, value in wrong.items() if value is None]
    names = sorted({*wrong, *(("version",) if "version" in item else _RANKS)})
    return Update(key, set=kept, remove=gone, condition=as_found(item, names))


def _guarded(partition: Partition, repairs: dict[Key, Update]) -> Iterator[Write]:
    key = schema.customer_key(partition.customer_id)
    seen = as_found(partition.profile, (*_RANKS, "first_day", "version"))
    own = repairs.pop(key, None)
    yield Check(key, seen) if own is None else replace(own, condition=AllOf((seen, own.condition or seen)))
    yield from repairs.values()


def _drifts(customer_id: str, key: Key, item: Item, wrong: Item) -> Iterator[Drift]:
    period = schema.month_of(key) if schema.is_month(key) else "all time"
    for name, value in wrong.items():
        if schema.is_order(key):
            yield Drift(
                f"order {schema.order_id_of(key)} of customer {customer_id}: {name}",
                _shown(value),
                _shown(item.get(name)),
            )
        elif name in ("rank_orders", "rank_revenue"):
            yield _drift_of_rank(f"customer {customer_id}: {name.removeprefix('rank_')} of {period}", name, wrong, item)
        elif name == "board":
            what = f"customer {customer_id}: leaderboard of {period}"
            yield Drift(what, _shown(value or "not listed"), _shown(item.get(name) or "not listed"))
        elif name in _SHOWN:
            yield Drift(f"customer {customer_id}: {name} in {period}", "as in the profile", "another")
        else:
            yield Drift(f"customer {customer_id}: {name}", _shown(value), _shown(item.get(name)))


def _drift_of_rank(what: str, name: str, wanted: Item, found: Item) -> Drift:
    if name not in found:
        return Drift(what, figure(wanted, name), "nothing")
    if figure(wanted, name) != figure(found, name):
        return Drift(what, figure(wanted, name), figure(found, name))
    return Drift(f"{what}, place among equals", _shown(wanted[name]), _shown(found[name]))


def _shown(value: object) -> Figure:
    return value if isinstance(value, (str, int)) else "nothing"
