"""Short running order numbers. A process takes several at once when orders come fast, so that one write serves many."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from backend.domain.numbering import Numbering, clean_prefix
from backend.domain.orders import Order
from backend.domain.team import Actor, Permission
from backend.errors import UnreadableItemError
from backend.records.shop import numbering_from
from backend.services.audit import log as audit_log
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.unreadable.items import read_one, set_aside
from backend.store import schema
from backend.store.port import Absent, AnyOf, AtLeast, Item, Missing, Plus, Put, Store, Update

OWN = ""
"""The source of orders that are placed here, in the keys by which orders are found by number."""
MOST_AT_ONCE = 512
MOST_TRACKINGS = 10
"""Tracking numbers that one transaction makes findable."""
SOON = 5.0
"""Seconds. Whoever needs another number so soon after the last ones takes twice as many."""
_KEY = schema.meta_key("order-numbers")


@dataclass(slots=True)
class _Block:
    """The numbers that this process has taken: places from `begin` to `end`, which is not one of them."""

    numbering: Numbering
    begin: int
    end: int
    size: int
    taken_at: float


_lock = threading.Lock()
_blocks: WeakKeyDictionary[Store, _Block] = WeakKeyDictionary()


def next_number(shop: Shop) -> str:
    """A number that nobody else gets, in this process or another; gaps are possible.

    While the count of numbers cannot be read, orders get longer ones that need no count.
    """
    with _lock:
        block = _blocks.get(shop.store)
        if block is None or block.begin >= block.end:
            try:
                block = _blocks[shop.store] = _taken(shop, block)
            except UnreadableItemError as error:
                set_aside(shop, _KEY, error.reason)
                return Numbering().number(int(shop.clock().timestamp() * 1000) * 1000 + secrets.randbelow(1000))
        place = block.begin
        block.begin += 1
        return block.numbering.number(place)


def _taken(shop: Shop, before: _Block | None) -> _Block:
    now = time.monotonic()
    size = min(before.size * 2, MOST_AT_ONCE) if before and now - before.taken_at < SOON else 1
    damaged = UnreadableItemError(_KEY, "taken is not a number")
    is_number = AnyOf((Missing("taken"), AtLeast("taken", 0)))
    update = Update(_KEY, add={"taken": Plus(size)}, condition=is_number, otherwise=damaged)
    numbering = numbering_from(shop.store.update(update))
    return _Block(numbering, numbering.taken - size, numbering.taken, size, now)


def number_put(order: Order) -> Put:
    """Keeps the number with the order: by it the order is found, and no other order can get it.

    Error attached: `StaleReadError` when another order has it; then the next one is taken.
    """
    taken = StaleReadError("This order number has just been taken. Try again.")
    item: Item = {"customer": order.customer_id, "order": order.id}
    return Put(schema.reference_key(OWN, order.number), item, Absent(), taken)


def tracking_puts(order: Order, before: Order | None = None) -> list[Put]:
    """What leads from the tracking numbers that are new in an order to it; of very many, the last ones.

    Two orders may go in one parcel: then the number leads to the later one. A number that is taken off keeps leading to
    its order, and whoever looks it up compares.
    """
    known = {parcel.tracking_number for parcel in before.fulfilments} if before else set()
    numbers = (parcel.tracking_number for parcel in order.fulfilments)
    keys = dict.fromkeys(schema.tracking_key(number) for number in numbers if number and number not in known)
    item: Item = {"customer": order.customer_id, "order": order.id}
    return [Put(key, item) for key in list(keys)[-MOST_TRACKINGS:]]


def numbering_of(shop: Shop) -> Numbering:
    """The prefix, and how many numbers were taken."""
    return read_one(shop, _KEY, lambda _, item: numbering_from(item)) or Numbering()


def change_prefix(shop: Shop, actor: Actor, prefix: str) -> Numbering:
    """Changes the prefix of new orders; old numbers stay. Other processes use up the few numbers that they hold.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.EDIT_SHOP)
    clean = clean_prefix(prefix)
    entry = audit_log.entry(shop, actor, "changed the prefix of order numbers", "shop:order-numbers", clean)
    with _lock:
        shop.store.transact([Update(_KEY, set={"prefix": clean}, add={"taken": Plus(0)}), entry])
        _blocks.pop(shop.store, None)
    return numbering_of(shop)
