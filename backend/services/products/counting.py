"""Brings the figures of products up to date with the orders. Any number of processes may do it.

An order that they do not count as it is waits in a queue, which is an index, and says itself what of it they count.
One transaction takes orders out of the queue and adds the difference to the figures, on condition that nobody has done
so. That condition makes it happen exactly once, also through a killed process. Orders of the same product share one
addition, so the more orders there are, the less each costs.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from backend.domain.leases import Lease
from backend.domain.orders import Order
from backend.domain.products import Product, ProductSource, Sold, SoldLine, added, difference, id_of_title, sold_in
from backend.records.orders import order_day, order_from
from backend.records.products import Waiting, sold_additions, sold_from, waiting_attributes, waiting_from
from backend.services.concurrency.leases import Leases
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.context import Shop
from backend.services.products.identity import Names, read_names
from backend.services.unreadable.items import readable, readable_due
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import (
    MAX_TRANSACTION_WRITES,
    Check,
    Equals,
    Item,
    Key,
    Missing,
    Plus,
    Put,
    Query,
    Update,
    Write,
)

ALL_TIME = "ALL"
STATE = schema.meta_key("product-figures")
LEASES = Leases(timedelta(minutes=2), "Another process counts products.", holder="holder")
"""Held by a recount, which needs the figures to stand still. Counting needs none, and waits while one is held."""
COUNTED = "counted_by_order"
"""The mark of a store whose orders say what of them is counted; those of former versions lack it."""
_ROUND = 60
_MOST_PER_LINE = 5
"""Writes for one line item: its order, a new product with its title, its month, all time."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """An order that waits, with what its figures lack: one line for each product."""

    key: Key
    day: str
    waiting: Waiting
    lines: tuple[SoldLine, ...]


@dataclass(frozen=True, slots=True)
class State:
    """Who holds the figures, and whether all orders have been counted once: before that, figures cannot be wrong."""

    lease: Lease
    counted: bool


@dataclass(frozen=True, slots=True)
class Counted:
    """How many orders a round counted, wholly or in part. `more`: there are more."""

    entries: int
    more: bool = False


@dataclass(slots=True)
class _Plan:
    """One transaction: how far each order is counted by it, new products and names, and what it adds to figures."""

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
    return next(readable(shop, [(STATE, item)], lambda k, i: State(LEASES.of(k, i), i.get(COUNTED) is True)), None)


def waiting(shop: Shop, limit: int) -> tuple[list[Uncounted], bool]:
    """The orders that wait longest, so many of each shard, and whether there are more."""
    boards = schema.uncounted_boards()
    random.shuffle(boards)  # so that workers do not all begin with the same one
    queries = [Query(schema.SHOP, board, index="by_revenue", limit=limit) for board in boards]
    found, more = readable_due(shop, queries, _uncounted_from)
    return [each for each in found if each is not None], more


def counted_lines(order: Order, waiting: Waiting | None) -> dict[str, SoldLine]:
    """What the figures of products count of an order, by the id that its lines name."""
    return {line.product: line for line in waiting.counted} if waiting else sold_in(order)


def is_behind(shop: Shop) -> bool:
    """Whether orders wait to be counted, as they do for seconds, or for minutes after a large import."""
    with access_pattern("product figures"):
        return bool(waiting(shop, 1)[0])


def _uncounted_from(key: Key, item: Item) -> Uncounted | None:
    """None when somebody has counted the order, which the index does not know yet."""
    waiting = waiting_from(key, item)
    if waiting is None:
        return None
    order = order_from(key, item)
    lines = difference(sold_in(order), counted_lines(order, waiting))
    return Uncounted(key, order_day(item), waiting, tuple(lines))


def _count(shop: Shop) -> Counted:
    entries, more = waiting(shop, _ROUND // schema.UNCOUNTED_SHARDS)
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
    return Counted(len(plan.done), more=more or whole < len(entries))


def _planned(shop: Shop, entries: Sequence[Uncounted]) -> _Plan:
    lines = [line for entry in entries for line in entry.lines]
    names = read_names(shop, (name for line in lines for name in (line.product, id_of_title(line.title))))
    plan = _Plan()
    for place, entry in enumerate(entries):
        if plan.size + _MOST_PER_LINE > MAX_TRANSACTION_WRITES:
            break
        plan.done[place] = 0
        for number, line in enumerate(entry.lines):
            if plan.size + _MOST_PER_LINE > MAX_TRANSACTION_WRITES:
                return plan
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
    seen = Equals("rank_revenue", entry.waiting.place)
    if done == len(entry.lines):
        return Update(entry.key, remove=("board", "rank_revenue", "counted"), condition=seen, otherwise=_moved())
    counted = added({line.product: line for line in entry.waiting.counted}, entry.lines[:done])
    waiting = Waiting(entry.waiting.place + 1, tuple(counted.values()))
    attributes = waiting_attributes(schema.order_id_of(entry.key), waiting)
    remove = () if "counted" in attributes else ("counted",)
    return Update(entry.key, set=attributes, remove=remove, condition=seen, otherwise=_moved())


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
