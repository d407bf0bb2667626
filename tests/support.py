"""What tests of the services share: a shop in memory whose clock they hold, and short ways to people it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from backend.domain.customers import Customer
from backend.domain.orders import LineItem, Order, OrderStatus
from backend.domain.team import Actor, Role
from backend.services.context import Shop
from backend.services.customers import customers
from backend.services.customers.customers import Profile
from backend.services.orders import orders
from backend.services.orders.orders import OrderDraft, OrderRef
from backend.store.meter import Meter
from backend.store.port import Store
from backend.store.sql import SqlStore

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)

MANAGER = Actor("mara", Role.MANAGER, "Mara")
STAFF = Actor("sam", Role.STAFF, "Sam")
ENGINEER = Actor("eli", Role.ENGINEER, "Eli")
ADMIN = Actor("ada", Role.ADMIN, "Ada")

Result = TypeVar("Result")
_numbers = count(1)


@dataclass
class TestClock:
    """A clock that stands still until it is told otherwise."""

    __test__ = False
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        """Moves on by a `timedelta` of these arguments."""
        self.now += timedelta(**by)
        return self.now


def shop_on(
    store: Store, *, clock: Callable[[], datetime] | None = None, zone: str = "UTC", data_dir: Path = Path("var")
) -> Shop:
    """A shop that sells in dollars, on a store whose tables are there."""
    return Shop(store, clock or TestClock(), ZoneInfo(zone), "USD", "Test shop", "en_US", data_dir)


@contextmanager
def opened_shop(
    url: str = "sqlite://",
    *,
    clock: Callable[[], datetime] | None = None,
    zone: str = "UTC",
    meter: Meter | None = None,
    data_dir: Path = Path("var"),
) -> Iterator[Shop]:
    """An empty shop in memory, or at the URL; several threads need a file."""
    store = SqlStore(url, meter=meter)
    store.create_tables()
    try:
        yield shop_on(store, clock=clock, zone=zone, data_dir=data_dir)
    finally:
        store.close()


def add_customer(
    shop: Shop,
    name: str = "Maria Lopez",
    email: str | None = None,
    *,
    country: str = "",
    city: str = "",
    phone: str = "",
    tags: Sequence[str] = (),
    consent: bool | None = None,
    actor: Actor = STAFF,
) -> Customer:
    """A customer, with an address of their own unless one is given ("" is none)."""
    address = f"customer{next(_numbers)}@example.com" if email is None else email
    profile = Profile(name, address, country, city, phone, tuple(tags))
    return customers.create_customer(shop, actor, profile, consent=consent)


def draft(
    customer: Customer,
    amount: int = 1000,
    *,
    lines: Sequence[LineItem] | None = None,
    placed_at: datetime | None = None,
    status: OrderStatus = OrderStatus.PAID,
    discount: int = 0,
    shipping: int = 0,
    tax: int = 0,
    note: str = "",
    currency: str = "",
) -> OrderDraft:
    """An order of one tea for this amount in minor units, unless line items are given."""
    items = (LineItem("Assam tea", 1, amount, "TEA-1"),) if lines is None else tuple(lines)
    return OrderDraft(customer.id, items, discount, shipping, tax, status, note, currency, placed_at)


def add_order(
    shop: Shop,
    customer: Customer,
    amount: int = 1000,
    *,
    placed_at: datetime | None = None,
    status: OrderStatus = OrderStatus.PAID,
    key: str = "",
    actor: Actor = STAFF,
) -> Order:
    """An order of one tea for this amount in minor units, placed now unless told."""
    wanted = draft(customer, amount, placed_at=placed_at, status=status)
    return orders.place_order(shop, actor, wanted, key or orders.new_idempotency_key(shop)).order


def ref(order: Order) -> OrderRef:
    """The order in the version at hand."""
    return OrderRef(order.customer_id, order.id, order.version)


def outcomes_of(calls: Sequence[Callable[[], Result]]) -> list[Result | BaseException]:
    """What each call returned or raised when all ran at once, each in a thread of its own."""

    def outcome(call: Callable[[], Result]) -> Result | BaseException:
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(outcome, calls))


def in_own_loop(ask: Callable[[], Coroutine[None, None, Result]]) -> Result:
    """What a coroutine gives, run in a thread of its own: a browser may have left a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(ask())).result()
