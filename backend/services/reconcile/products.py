"""Figures of products, counted again from the orders. Nobody counts meanwhile, so one reading is enough.

While the recount holds its lease, `services.products.counting` waits: the figures stand still, and orders that change
keep saying what of them is counted. So the figures have to be the sum of that.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from backend.domain.ids import new_entry_id
from backend.domain.leases import Lease
from backend.domain.products import Sold, SoldLine
from backend.errors import ConditionFailedError, UnreadableItemError
from backend.records.orders import order_day, order_from
from backend.records.products import sold_item, waiting_from
from backend.records.ranks import figure
from backend.services.concurrency.leases import LeaseLostError
from backend.services.context import Shop
from backend.services.products.counting import ALL_TIME, COUNTED, LEASES, STATE, counted_lines, product_for, state_of
from backend.services.products.identity import all_names
from backend.services.reconcile.findings import Drift, Finding, as_found, repair
from backend.services.reconcile.partitions import Placed
from backend.store import schema
from backend.store.port import AllOf, Delete, Item, Key, Missing, Put, Query, Row, UnreadableItem, Write, pages_of

_RANKS = ("rank_orders", "rank_revenue", "board")


class Hold:
    """The lease under which nobody counts. It is renewed now and then; `lost` says that it could not be."""

    def __init__(self, shop: Shop, lease: Lease, *, counted: bool) -> None:
        self._shop, self._lease = shop, lease
        self.counted = counted
        """Whether all orders have been counted once; before that, figures cannot be wrong."""
        self.lost = False

    def renew(self, **said: bool) -> None:
        """Takes it for longer, and notes what is `said`."""
        if self.lost:
            return
        try:
            self._shop.store.update(LEASES.renew(STATE, self._lease, self._shop.clock(), set=said))
        except LeaseLostError:
            self.lost = True

    def release(self) -> None:
        """Lets others count; leaves the store as it was found."""
        with contextlib.suppress(LeaseLostError, ConditionFailedError):
            self._shop.store.update(LEASES.release(STATE, self._lease))
            self._shop.store.delete(Delete(STATE, AllOf((Missing(LEASES.until), Missing(COUNTED)))))


@contextmanager
def holding(shop: Shop) -> Iterator[Hold | None]:
    """Keeps everybody from counting; None when another recount does so already, or it is not known."""
    state, me = state_of(shop), new_entry_id()
    hold: Hold | None = None
    if state and state.lease.is_free(shop.clock()):
        with contextlib.suppress(LeaseLostError):
            shop.store.update(LEASES.take(STATE, state.lease, shop.clock(), me))
            hold = Hold(shop, state.lease.taken(shop.clock(), LEASES.length, me), counted=state.counted)
    try:
        yield hold
    finally:
        if hold is not None:
            hold.release()


@dataclass(slots=True)
class ProductSums:
    """What the orders say is counted of them, as they are read one by one under a hold, and what is kept."""

    kept: dict[Key, Item] = field(default_factory=dict)
    sold: defaultdict[tuple[str, str], Sold] = field(default_factory=lambda: defaultdict(Sold))
    """By the id that a line names (`domain.products.id_of_words`), and day."""
    lines: dict[str, SoldLine] = field(default_factory=dict)
    unreadable: int = 0

    def add_all(self, placed: Iterable[Placed]) -> None:
        for each in placed:
            self.add(each.key, each.item)

    def add(self, key: Key, item: Item) -> None:
        """Adds an order."""
        try:
            order, day, waiting = order_from(key, item), order_day(item), waiting_from(key, item)
        except UnreadableItemError:
            self.unreadable += 1
            return
        for line in counted_lines(order, waiting).values():
            self.sold[line.product, day] = self.sold[line.product, day].plus(line.sold)
            self.lines.setdefault(line.product, line)

    def keep(self, rows: list[Row]) -> None:
        """Takes the figures among these rows as what is kept."""
        kept = (row for row in rows if schema.is_sold(row.key) and not isinstance(row.item, UnreadableItem))
        self.kept |= {row.key: row.item for row in kept}


def findings(shop: Shop, sums: ProductSums) -> list[Finding]:
    """What is kept and is not what the orders say. Nobody may have counted since the first of them was read."""
    found: list[Finding] = []
    names, wanted = all_names(shop), defaultdict[tuple[str, str], dict[str, Sold]](dict)
    for (name, day), sold in sums.sold.items():
        if sold == Sold():
            continue
        puts: list[Put] = []
        product = product_for(shop, names, sums.lines[name], puts)
        if puts:
            found.append(Finding((Drift(f"product {product}", "listed", "missing"),), tuple(puts)))
        for period, part in ((day[:7], day[8:]), (ALL_TIME, "")):
            days = wanted[period, product]
            days[part] = days.get(part, Sold()).plus(sold)
    items = {
        schema.sold_key(period, product): sold_item(period, product, days) for (period, product), days in wanted.items()
    }
    for key in sorted({*items, *sums.kept}):
        found += _compared(key, items.get(key, {}), sums.kept.get(key, {}))
    return found


def _compared(key: Key, wanted: Item, found: Item) -> Iterator[Finding]:
    names = sorted({*wanted, *found})
    different = [name for name in names if wanted.get(name) != found.get(name) and _says_something(name, wanted, found)]
    if not different:
        return
    what = f"product {key.sk}, {schema.sold_period(key)}: "
    drifts = tuple(Drift(f"{what}{name}", _shown(name, wanted), _shown(name, found)) for name in different)
    seen = as_found(found, sorted({*names, *_RANKS}))
    repair: Write = Put(key, wanted, seen) if wanted else Delete(key, seen)
    yield Finding(drifts, (repair,))


def _says_something(name: str, wanted: Item, found: Item) -> bool:
    """Counters that are back at nothing stay as items do; only a recount has none for them."""
    values = (wanted.get(name), found.get(name))
    return any(figure({name: value}, name) if name in _RANKS[:2] and type(value) is int else value for value in values)


def _shown(name: str, item: Item) -> str | int:
    value = item.get(name)
    if type(value) is int:
        return figure(item, name) if name in _RANKS[:2] else value
    return value if isinstance(value, str) else "nothing"


def count_from_the_beginning(shop: Shop) -> bool:
    """Counts all orders of a store that a version before this one has made; once. Returns whether it did.

    Such a store has no figures of products, or kept what they lack in an outbox beside the orders: its orders say
    nothing, which means that all of them are counted, and the figures are made so.

    Raises: `StoreBusyError`, `StoreUnreachableError`; it is begun again then.
    """
    state, outbox = state_of(shop), list(_outbox(shop))
    if state is None or (state.counted and not outbox):
        return False
    with holding(shop) as hold:
        if hold is None:
            return False
        sums = ProductSums()
        cursor = None
        while True:
            page = shop.store.scan(schema.SHOP, cursor=cursor)
            sums.keep(page.rows)
            for row in page.rows:
                if schema.is_order(row.key):
                    sums.add(row.key, row.item)
            hold.renew()
            cursor = page.cursor
            if cursor is None:
                break
        done = repair(shop, findings(shop, sums))
        if all(done) and not hold.lost:
            shop.store.write_batch([Delete(key) for key in outbox])
            hold.renew(**{COUNTED: True})
    return True


def _outbox(shop: Shop) -> Iterator[Key]:
    """What former versions noted beside the orders."""
    for partition in schema.uncounted_boards():
        yield from (row.key for row in pages_of(shop.store, Query(schema.SHOP, partition, limit=500)))
