"""The demo shop: fills an empty store with an invented shop, and takes exactly that out again.

A marker in the store says that the demo is loaded, and for which day it was made. Whatever interrupts loading or
removing, running the same command again finishes it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from backend.demo.behaviour import SOURCE, DemoCustomer, DemoShop
from backend.demo.catalogue import NOTES
from backend.domain.customers import Activity, ActivityKind, Customer
from backend.domain.time import from_text, to_text
from backend.errors import AlreadyExistsError, BackendError, ConflictError
from backend.records.customers import activity_item, activity_key, customer_from, email_key, pointer_keys
from backend.records.values import text
from backend.services.context import Shop
from backend.services.customer_writes import creating_writes
from backend.services.order_writes import placing_writes
from backend.services.reconcile import reconcile
from backend.services.team import add_demo_team, remove_demo_team
from backend.store import schema
from backend.store.port import Delete, Item, Key, Put, Query, Row, Write, pages_of

CUSTOMERS = 2000
_CHUNK = 100
_LOADING, _LOADED, _REMOVING = "loading", "loaded", "removing"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What loading did. `reason` tells why nothing was loaded, if so."""

    customers: int
    orders: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out, and how many customers stay because real orders were added to them."""

    customers: int
    orders: int
    kept: int


def is_demo(shop: Shop) -> bool:
    """Whether the demo shop is (partly) in the store."""
    return shop.store.get(schema.meta_key("demo")) is not None


def seed_demo(shop: Shop, *, customers: int = CUSTOMERS) -> Seeded:
    """Fills an empty store with the demo shop, two years up to now, and adds the demo team.

    A store with customers of its own is left as it is. Loading that was interrupted is finished.
    """
    marker = shop.store.get(schema.meta_key("demo"))
    if marker is None:
        if _has_customers(shop):
            return Seeded(0, 0, "The store has customers already, so the demo shop was not loaded.")
        marker = _mark(shop, {"state": _LOADING, "at": to_text(shop.clock()), "customers": customers})
    if text(marker, "state") != _LOADING:
        add_demo_team(shop)
        return Seeded(0, 0, "The demo shop is loaded already.")
    now = from_text(text(marker, "at"))
    today = now.astimezone(shop.zone).date()
    count = marker.get("customers")
    made = DemoShop(today, shop.zone, shop.currency, now).customers(count if isinstance(count, int) else customers)
    orders = 0
    for chunk in _chunks(made):
        orders += _load(shop, chunk, today)
    add_demo_team(shop)
    _mark(shop, marker | {"state": _LOADED})
    return Seeded(count if isinstance(count, int) else customers, orders)


def _has_customers(shop: Shop) -> bool:
    queries = [
        Query(schema.SHOP, f"CUSTOMERS#{shard}", index="timeline", limit=1)
        for shard in range(schema.CUSTOMER_LIST_SHARDS)
    ]
    return any(shop.store.query(query).rows for query in queries)


def _mark(shop: Shop, item: Item) -> Item:
    shop.store.put(Put(schema.meta_key("demo"), item))
    return item


def _chunks(made: Iterator[DemoCustomer]) -> Iterator[list[DemoCustomer]]:
    while chunk := list(islice(made, _CHUNK)):
        yield chunk


def _load(shop: Shop, chunk: Sequence[DemoCustomer], today: date) -> int:
    transactions: list[list[Write]] = []
    for made in chunk:
        transactions.append([*creating_writes(made.customer), *_notes(made.customer, today)])
        first_day = ""
        for order in made.orders:
            customer = replace(made.customer, first_day=first_day)
            transactions.append(placing_writes(order, customer, shop.zone, reference=order.number))
            first_day = first_day or f"{order.placed_at.astimezone(shop.zone):%Y-%m-%d}"
    _run(shop, transactions)
    return sum(len(made.orders) for made in chunk)


def _run(shop: Shop, transactions: Sequence[Sequence[Write]]) -> None:
    """What is there from an earlier, interrupted run stays; anything else that fails is told."""
    for outcome in shop.store.transact_each(transactions):
        if isinstance(outcome, BackendError) and not isinstance(outcome, AlreadyExistsError):
            raise outcome


def _notes(customer: Customer, today: date) -> list[Write]:
    rng = random.Random(customer.id)  # noqa: S311 - invented data, nothing secret
    if rng.random() > 0.05:
        return []
    at = customer.created_at + timedelta(days=rng.randint(0, 3))
    note = Activity("DEMO01", at, SOURCE, ActivityKind.NOTE, rng.choice(NOTES))
    return [Put(activity_key(customer.id, note), activity_item(note))]


def remove_demo(shop: Shop) -> Removed:
    """Takes out everything that the demo brought, and the demo team. Real orders and customers stay.

    A demo customer with real orders stays too, without the demo's orders. Totals are recounted at the end.

    Raises: `ConflictError` when no demo shop is loaded.
    """
    marker = shop.store.get(schema.meta_key("demo"))
    if marker is None:
        raise ConflictError("There is no demo shop in this store.")
    _mark(shop, marker | {"state": _REMOVING})
    removed, orders, kept = 0, 0, 0
    for customer in list(_demo_customers(shop)):
        gone, order_count = _remove_customer(shop, customer)
        removed, kept, orders = removed + gone, kept + (not gone), orders + order_count
    reconcile(shop, fix=True)
    remove_demo_team(shop)
    shop.store.delete(Delete(schema.meta_key("demo")))
    return Removed(removed, orders, kept)


def _demo_customers(shop: Shop) -> Iterator[Customer]:
    for shard in range(schema.CUSTOMER_LIST_SHARDS):
        query = Query(schema.SHOP, f"CUSTOMERS#{shard}", index="timeline", limit=500)
        keys = [row.key for row in pages_of(shop.store, query) if row.item.get("source") == SOURCE]
        for key, item in shop.store.get_many(keys).items():
            yield customer_from(key.pk.removeprefix("C#"), item)


def _remove_customer(shop: Shop, customer: Customer) -> tuple[bool, int]:
    """Whether the whole customer went, and how many of the demo's orders did."""
    rows = list(pages_of(shop.store, Query(schema.SHOP, f"C#{customer.id}", limit=500)))
    orders = [row for row in rows if row.key.sk.startswith("O#")]
    demo_orders = [row for row in orders if row.item.get("source") == SOURCE]
    keys = [_reference(row) for row in demo_orders] + [row.key for row in demo_orders]
    whole = len(orders) == len(demo_orders)
    if whole:
        keys = [_reference(row) for row in demo_orders] + pointer_keys(customer)
        keys += [email_key(customer.email)] if customer.email else []
        keys += [row.key for row in rows if row.key.sk != "A"]
    shop.store.write_batch([Delete(key) for key in dict.fromkeys(keys)])
    if whole:
        # The profile goes last: after an interruption it leads back to what is still there.
        shop.store.delete(Delete(schema.customer_key(customer.id)))
    return whole, len(demo_orders)


def _reference(row: Row) -> Key:
    return schema.reference_key(SOURCE, text(row.item, "number"))
