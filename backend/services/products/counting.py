"""Adds what orders have changed to the figures of products. Any number of processes may do it.

One transaction takes entries out of the outbox and adds them to the figures, on condition that nobody has done so.
That condition makes it happen exactly once, also through a killed process. Orders of the same product share one
addition, so the more orders there are, the less each costs.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from backend.domain.leases import Lease
from backend.domain.products import Product, ProductSource, Sold, SoldLine, id_of_title
from backend.records.products import Uncounted, sold_additions, sold_from, uncounted_from
from backend.services.concurrency.leases import Leases
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.context import Shop
from backend.services.products.identity import Names, read_names
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import (
    MAX_TRANSACTION_WRITES,
    AllOf,
    Check,
    Condition,
    Delete,
    Equals,
    Exists,
    Item,
    Key,
    Missing,
    Plus,
    Put,
    Query,
    Update,
    Write,
    pages_of,
)

ALL_TIME = "ALL"
STATE = schema.meta_key("product-figures")
LEASES = Leases(timedelta(minutes=2), "Another process counts products.", holder="holder")
"""Held by a recount, which needs the figures to stand still. Counting needs none, and waits while one is held."""
_ROUND = 60
_MOST_PER_LINE = 5
"""Writes for one line item: its entry, a new product with its title, its month, all time."""


@dataclass(frozen=True, slots=True)
class State:
    """Who holds the figures, and whether all orders have been counted once: before that, figures cannot be wrong."""

    lease: Lease
    counted: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """What a round did. `more`: there are more entries than it took."""

    entries: int
    more: bool = False


@dataclass(slots=True)
class _Plan:
    """One transaction: how far each entry is counted by it, new products and names, and what it adds to figures."""

    done: dict[int, int] = field(default_factory=dict)
    names: list[Put] = field(default_factory=list)
    sold: defaultdict[tuple[str, str, str], Sold] = field(default_factory=lambda: defaultdict(Sold))
    """By product, month and day."""

    @property
    def figures(self) -> set[Key]:
        months = {schema.sold_key(month, product) for product, month, _ in self.sold}
        return months | {schema.sold_key(ALL_TIME, product) for product, _, _ in self.sold}

    @property
    def size(self) -> int:
        products = {product for product, _, _ in self.sold}
        months = {(product, month) for product, month, _ in self.sold}
        return len(self.done) + len(self.names) + len(products) + len(months) + 1


def count_sold(shop: Shop) -> Counted:
    """Counts the next orders; does nothing while a recount is under way.

    Raises: `StoreBusyError`, `StoreUnreachableError`; what was not counted is in the next round.
    """
    with access_pattern("product figures"):
        return until_settled(lambda: _count(shop))


def state_of(shop: Shop) -> State | None:
    """None where it cannot be read, which is set aside."""
    item = shop.store.get(STATE) or {}
    return next(readable(shop, [(STATE, item)], lambda k, i: State(LEASES.of(k, i), i.get("counted") is True)), None)


def waiting(shop: Shop, limit: int | None = None) -> Iterator[Uncounted]:
    """What is not counted yet, a shard after the other, the oldest orders of each first; `limit` is for each shard."""
    partitions = schema.uncounted_partitions()
    random.shuffle(partitions)  # so that workers do not all begin with the same one
    for partition in partitions:
        query = Query(schema.SHOP, partition, limit=limit or 500)
        yield from islice(readable(shop, pages_of(shop.store, query), uncounted_from), limit)


def is_behind(shop: Shop) -> bool:
    """Whether orders wait to be counted, as they do for seconds, or for minutes after a large import."""
    with access_pattern("product figures"):
        return next(waiting(shop, 1), None) is not None


def _count(shop: Shop) -> Counted:
    entries = list(waiting(shop, _ROUND // schema.UNCOUNTED_SHARDS))
    if not entries:
        return Counted(0)
    state = state_of(shop)
    if state is None or not state.lease.is_free(shop.clock()):
        return Counted(0)
    plan = _planned(shop, entries)
    figures = shop.store.get_many(list(plan.figures))
    writes: list[Write] = [Check(STATE, LEASES.as_seen(state.lease), _moved()), *plan.names]
    writes += [_taken_out(entries[place], done) for place, done in plan.done.items()]
    writes += _added(plan, figures)
    shop.store.transact(writes)
    whole = sum(done == len(entries[place].lines) for place, done in plan.done.items())
    return Counted(len(plan.done), more=whole < len(entries) or len(entries) >= _ROUND // schema.UNCOUNTED_SHARDS)


def _planned(shop: Shop, entries: Sequence[Uncounted]) -> _Plan:
    lines = [line for entry in entries for line in entry.lines[entry.done :]]
    names = read_names(shop, (name for line in lines for name in (line.product, id_of_title(line.title))))
    plan = _Plan()
    for place, entry in enumerate(entries):
        for number in range(entry.done, len(entry.lines)):
            if plan.size + _MOST_PER_LINE > MAX_TRANSACTION_WRITES:
                return plan
            line = entry.lines[number]
            product = product_for(shop, names, line, plan.names)
            plan.sold[product, entry.day[:7], entry.day[8:]] = plan.sold[product, entry.day[:7], entry.day[8:]].plus(
                line.sold
            )
            plan.done[place] = number + 1
    return plan


def product_for(shop: Shop, names: Names, line: SoldLine, puts: list[Put]) -> str:
    """The id of the product that a line is about; for an unknown one, `puts` gets the writes that add it."""
    found = names.product_of(line.product)
    if found is None:
        made = Product(line.product, line.title, ProductSource.ORDERS, shop.clock(), sku=line.sku, price=line.price)
        puts += names.add(made)
    return found or line.product


def _taken_out(entry: Uncounted, done: int) -> Write:
    key = schema.uncounted_key(entry.order_id, entry.version)
    seen: Condition = Equals("done", entry.done) if entry.done else AllOf((Exists(), Missing("done")))
    if done == len(entry.lines):
        return Delete(key, seen, _moved())
    return Update(key, set={"done": done}, condition=seen, otherwise=_moved())


def _added(plan: _Plan, figures: dict[Key, Item]) -> Iterator[Write]:
    """One addition for each product and month, and one for all time."""
    months: defaultdict[tuple[str, str], dict[str, Sold]] = defaultdict(dict)
    for (product, month, day), sold in plan.sold.items():
        months[product, month][day] = sold
        months[product, ALL_TIME][""] = months[product, ALL_TIME].get("", Sold()).plus(sold)
    for (product, period), days in months.items():
        key = schema.sold_key(period, product)
        yield _addition(key, period, product, days, figures.get(key, {}))


def _addition(key: Key, period: str, product: str, days: dict[str, Sold], before: Item) -> Update:
    """A product is on a leaderboard while some of it is sold, so the figure that was read is a condition."""
    add: dict[str, Plus] = {}
    total = Sold()
    for day, sold in days.items():
        total = total.plus(sold)
        add |= sold_additions(product, sold, day)
    add |= sold_additions(product, total)
    is_listed = sold_from(key, before).units + total.units > 0
    seen = before.get("rank_orders")
    return Update(
        key,
        set={"board": schema.product_board(period, product)} if is_listed else {},
        add=add,
        remove=() if is_listed else ("board",),
        condition=Missing("rank_orders") if seen is None else Equals("rank_orders", seen),
        otherwise=_moved(),
    )


def _moved() -> StaleReadError:
    return StaleReadError("Somebody else has just counted the same orders.")
