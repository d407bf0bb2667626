"""Exact counts of single days and single counters, between two equal readings of what is kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import TypeVar

from backend.domain.customers import Customer
from backend.domain.orders import OrderStatus
from backend.domain.time import months_between, start_of, to_text
from backend.domain.totals import Totals
from backend.errors import UnreadableItemError
from backend.records.conversion import key_of_row, reads
from backend.records.customers import count_keys, customer_from
from backend.records.values import text
from backend.services.context import Shop
from backend.services.reconcile.partitions import Placed, placed_from
from backend.store import schema
from backend.store.port import Item, Key, Query, Row, UnreadableItem, pages_of

_Element = TypeVar("_Element")

_ATTEMPTS = 3
_AT_ONCE = 500
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DayCount:
    """What is kept of a day, and what its orders add up to, each by the key of the part."""

    kept: dict[Key, Item]
    wanted: dict[Key, Totals]


@dataclass(frozen=True, slots=True)
class CounterCount:
    """What is kept of a counter, and how many customers it has to count."""

    kept: Item
    wanted: int


def count_day(shop: Shop, day: str) -> DayCount | None:
    """The totals of a day and what they have to be; None when they changed during each attempt to count, or when one
    of its orders or customers cannot be read."""
    kept = _kept_of_day(shop, day)
    for _ in range(_ATTEMPTS):
        try:
            wanted = _wanted_of_day(shop, day)
        except UnreadableItemError:
            return None
        before, kept = kept, _kept_of_day(shop, day)
        if kept == before:
            return DayCount(kept, wanted)
    return None


def _kept_of_day(shop: Shop, day: str) -> dict[Key, Item]:
    query = Query(schema.SHOP, schema.days_partition(day[:4]), begins_with=f"{day[5:]}#", consistent=True)
    return {row.key: row.item for row in pages_of(shop.store, query) if not isinstance(row.item, UnreadableItem)}


def _wanted_of_day(shop: Shop, day: str) -> dict[Key, Totals]:
    wanted: defaultdict[Key, Totals] = defaultdict(Totals)
    buyers: dict[str, None] = {}
    for order in _orders_on(shop, day):
        customer_id, counts = schema.customer_id_of(order.key), order.counts
        key = schema.day_key(day, customer_id)
        wanted[key] = wanted[key].plus(Totals(counts.orders, counts.revenue, counts.refunded, counts.cancelled))
        buyers[customer_id] = None
    for chunk in _chunks(iter(buyers)):
        for key, item in shop.store.get_many([schema.customer_key(each) for each in chunk]).items():
            if item.get("first_day") == day:
                here = schema.day_key(day, schema.customer_id_of(key))
                wanted[here] = wanted[here].plus(Totals(new_customers=1))
    return dict(wanted)


def _orders_on(shop: Shop, day: str) -> Iterator[Placed]:
    """The orders that count on the day, looked for a day to both sides: the shop may have moved to another zone."""
    try:
        middle = date.fromisoformat(day)
    except ValueError:  # a damaged customer or order has left totals of a day that there is not
        return
    between = (to_text(start_of(middle - _A_DAY, shop.zone)), to_text(start_of(middle + 2 * _A_DAY, shop.zone)))
    for month in months_between(middle - _A_DAY, middle + _A_DAY):
        for status in OrderStatus:
            line = schema.order_line(month, status.value)
            rows = pages_of(shop.store, Query(schema.SHOP, line, index="timeline", between=between, limit=1000))
            for chunk in _chunks(row.key for row in rows):
                found = shop.store.get_many(chunk)
                yield from (placed_from(Row(key, item)) for key, item in found.items() if item.get("day") == day)


def count_counters(shop: Shop, keys: Sequence[Key]) -> dict[Key, CounterCount | None]:
    """For each counter what it says and what it has to say; None when it changed during each attempt to count, or when
    a customer cannot be read."""
    counts: dict[Key, CounterCount | None] = dict.fromkeys(keys)
    for _ in range(_ATTEMPTS):
        moving = [key for key, count in counts.items() if count is None]
        if not moving:
            break
        before = {key: _kept_of_counter(shop, key) for key in moving}
        try:
            wanted = _wanted_of_counters(shop, set(moving))
        except UnreadableItemError:
            break
        for key in moving:
            if _kept_of_counter(shop, key) == before[key]:
                counts[key] = CounterCount(before[key], wanted[key])
    return counts


def _kept_of_counter(shop: Shop, key: Key) -> Item:
    item = shop.store.get(key)
    return {} if item is None or isinstance(item, UnreadableItem) else item


def _wanted_of_counters(shop: Shop, keys: set[Key]) -> Counter[Key]:
    """One walk over the list of all customers, which holds their tags and countries."""
    wanted: Counter[Key] = Counter()
    for line in schema.customer_lines():
        query = Query(schema.SHOP, line, index="timeline", limit=1000)
        for row in pages_of(shop.store, query):
            wanted.update(keys.intersection(count_keys(_listed(row))))
    return wanted


@reads(key_of_row)
def _listed(row: Row) -> Customer:
    place = text(row.item, "line_at")
    return customer_from(schema.id_in(place), row.item | {"created_at": schema.moment_in(place)})


def _chunks(each: Iterator[_Element]) -> Iterator[list[_Element]]:
    while chunk := list(islice(each, _AT_ONCE)):
        yield chunk
