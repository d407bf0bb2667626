"""Moves orders from one customer to another, with every total in which they count: some at a time, in one transaction.

An order's item stays as it is, so that whoever has seen its version may change it, and the figures of products count
it as before. The newest ones go first: the first day of whom they leave stays true until the last one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from backend.domain.customers import Customer
from backend.domain.merging import Merge
from backend.domain.orders import NOTHING, Contribution, contribution_of
from backend.records import ranks, totals
from backend.records.customers import customer_from
from backend.records.merges import moved_item
from backend.records.orders import order_day, order_from
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.store import schema
from backend.store.port import (
    Absent,
    AllOf,
    Condition,
    Delete,
    Equals,
    Exists,
    Item,
    Key,
    Missing,
    Put,
    Query,
    Row,
    Update,
    Write,
)

_AT_ONCE = 20
_MOST_WRITES = 80


@dataclass(slots=True)
class _Sums:
    """What orders add, all in all, by month and by day."""

    all_time: Contribution = NOTHING
    months: defaultdict[str, Contribution] = field(default_factory=lambda: defaultdict(lambda: NOTHING))
    days: defaultdict[str, Contribution] = field(default_factory=lambda: defaultdict(lambda: NOTHING))

    def add(self, day: str, counts: Contribution) -> None:
        self.all_time = self.all_time.minus(_less(counts))
        self.months[day[:7]] = self.months[day[:7]].minus(_less(counts))
        self.days[day] = self.days[day].minus(_less(counts))


def move_orders(shop: Shop, merge: Merge) -> bool:
    """Moves the newest orders of the one who is gone; returns whether there were any.

    Raises: `StaleReadError` when something has changed meanwhile: then nothing was moved.
    """
    partition = schema.customer_partition(merge.gone)
    query = Query(
        schema.SHOP, partition, begins_with=schema.ORDERS, descending=True, limit=_AT_ONCE + 1, consistent=True
    )
    rows = shop.store.query(query).rows
    if not rows:
        return False
    references = _references(shop, rows[:_AT_ONCE])
    sums, writes, chosen = _Sums(), list[Write](), list[Row]()
    for row in rows[:_AT_ONCE]:
        more = _moving(row, merge, references)
        if chosen and len(writes) + len(more) + 4 * len(sums.days) > _MOST_WRITES:
            break
        sums.add(order_day(row.item), contribution_of(order_from(*row)))
        writes += more
        chosen.append(row)
    is_last = len(chosen) == len(rows)
    keys: list[str] = [row.key.sk for row in chosen]
    writes.append(Put(schema.moved_key(merge.gone, "orders", keys[0]), moved_item(merge, keys=[*keys])))
    shop.store.transact([*writes, *_totals(shop, merge, sums, is_last=is_last)])
    return True


def _moving(row: Row, merge: Merge, references: dict[Key, Item]) -> list[Write]:
    key, item = row
    place = item.get("rank_revenue")
    as_counted: Condition = Missing("rank_revenue") if place is None else Equals("rank_revenue", place)
    there = schema.order_key(merge.kept, schema.order_id_of(key))
    unmoved = AllOf((Equals("version", order_from(key, item).version), as_counted))
    writes: list[Write] = [Put(there, item, Absent(), _moved()), Delete(key, unmoved, _moved())]
    for reference, found in references.items():
        if (found.get("customer"), found.get("order")) == (merge.gone, schema.order_id_of(key)):
            writes.append(Update(reference, set={"customer": merge.kept}, condition=Exists(), otherwise=_moved()))
    return writes


def _references(shop: Shop, rows: list[Row]) -> dict[Key, Item]:
    """What leads to these orders by their numbers and parcels; what else does is found by a later step."""
    keys: list[Key] = []
    for row in rows:
        order = order_from(*row)
        keys += [schema.reference_key(order.source, order.number), schema.reference_key("", order.number)]
        keys += [schema.tracking_key(each.tracking_number) for each in order.fulfilments if each.tracking_number]
    return shop.store.get_many(list(dict.fromkeys(keys)))


def _totals(shop: Shop, merge: Merge, sums: _Sums, *, is_last: bool) -> list[Write]:
    keys = schema.customer_key(merge.kept), schema.customer_key(merge.gone)
    items = shop.store.get_many([*keys])
    kept_item, gone_item = items[keys[0]], items[keys[1]]
    kept, gone = customer_from(merge.kept, kept_item), customer_from(merge.gone, gone_item)
    first = min([*sums.days, *([kept.first_day] if kept.first_day else [])])
    days: defaultdict[Key, tuple[Contribution, int]] = defaultdict(lambda: (NOTHING, 0))

    def count(day: str, customer_id: str, change: Contribution = NOTHING, new: int = 0) -> None:
        key = schema.day_key(day, customer_id)
        before, newcomers = days[key]
        days[key] = before.minus(_less(change)), newcomers + new

    for day, change in sums.days.items():
        count(day, kept.id, change)
        count(day, gone.id, _less(change))
    if first != kept.first_day:
        count(first, kept.id, new=1)
        if kept.first_day:
            count(kept.first_day, kept.id, new=-1)
    if is_last and gone.first_day:
        count(gone.first_day, gone.id, new=-1)
    return [
        _taking(keys[0], "ALL", kept, sums.all_time, kept_item, {"first_day": first}),
        _giving(keys[1], gone, sums.all_time, gone_item, ["first_day"] if is_last else []),
        *_months(shop, kept, gone, sums),
        *(
            Update(key, add=added)
            for key, (change, new) in days.items()
            if (added := totals.additions(change, new_customers=new))
        ),
    ]


def _months(shop: Shop, kept: Customer, gone: Customer, sums: _Sums) -> list[Write]:
    theirs = {month: schema.customer_month_key(gone.id, month) for month in sums.months}
    found = shop.store.get_many([*theirs.values()])
    writes: list[Write] = []
    for month, change in sums.months.items():
        named: Item = {"name": kept.name, "email": kept.email, "country": kept.country}
        key = schema.customer_month_key(kept.id, month)
        writes.append(_taking(key, month, kept, change, None, {name: each for name, each in named.items() if each}))
        writes.append(_giving(theirs[month], gone, change, found.get(theirs[month], {}), []))
    return writes


def _taking(key: Key, period: str, kept: Customer, change: Contribution, item: Item | None, also: Item) -> Update:
    """Adds to the figures of the kept customer, or of a month of theirs (without the `item` of the profile)."""
    changed = {**also, **({"board": schema.board_of(period, kept.id)} if change.orders > 0 else {})}
    seen: Condition | None = None
    if item is not None:
        day = Equals("first_day", kept.first_day) if kept.first_day else Missing("first_day")
        seen = AllOf((Exists(), Equals("version", kept.version), day))
    return Update(key, set=changed, add=ranks.additions(change, kept.id), condition=seen, otherwise=_moved())


def _giving(key: Key, gone: Customer, change: Contribution, item: Item, remove: list[str]) -> Update:
    """Takes off the figures of the one who is gone; without orders the item leaves the leaderboard."""
    left = ranks.figure(item, "rank_orders") - change.orders
    removed = remove + (["board"] if left <= 0 else [])
    seen = Equals("rank_orders", item.get("rank_orders", ranks.tie_of(gone.id)))
    return Update(key, add=ranks.additions(_less(change), gone.id), remove=removed, condition=seen, otherwise=_moved())


def _less(change: Contribution) -> Contribution:
    return NOTHING.minus(change)


def _moved() -> StaleReadError:
    return StaleReadError("Someone else changed these customers' orders at the same time.")
