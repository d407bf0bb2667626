"""Shops of any size for measuring: written in bulk, holding exactly what the services would have written.

A shop of a million customers takes minutes to write, so it is kept in a folder and used again. Next to it is what
the naive way works on: a plain table with a row for each order.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.demo.catalogue import CITIES, COUNTRIES, COUNTRY_WEIGHTS, PRODUCTS, names_of
from backend.domain.customers import Activity, ActivityKind, Customer
from backend.domain.ids import order_id_of
from backend.domain.orders import HistoryEntry, LineItem, Order, OrderStatus, contribution_of
from backend.domain.text import fold
from backend.domain.time import from_text, to_text, utc_now
from backend.domain.totals import Totals
from backend.records.customers import (
    activity_item,
    activity_key,
    count_keys,
    customer_item,
    email_item,
    email_key,
    pointer_keys,
)
from backend.records.orders import order_item
from backend.records.ranks import rank_attributes
from backend.records.totals import totals_item
from backend.services.context import Shop
from backend.store import schema
from backend.store.meter import Meter
from backend.store.port import Item, Key, Put
from benchmarks.naive import NaiveTable, PlainOrder

DAYS = 1095
ORDERS_A_CUSTOMER = 3
_UTC = ZoneInfo("UTC")
_FORM = 1
"""Increase it when the written items change, so that older files are not used again."""
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_AT_ONCE = 200_000
_STATUSES = (OrderStatus.FULFILLED, OrderStatus.PAID, OrderStatus.PENDING, OrderStatus.CANCELLED)
_STATUS_WEIGHTS = (88, 6, 3, 3)


@dataclass(frozen=True, slots=True)
class BigShop:
    """Where a shop for measuring is stored, and how many customers and orders it has."""

    customers: int
    orders: int
    url: str
    naive: Path
    made_at: datetime

    def open(self, meter: Meter | None = None) -> Shop:
        """The shop, at the moment for which it was made. Close its store."""
        return Shop(open_store(self.url, meter=meter), lambda: self.made_at, _UTC, "USD", "Bench")


def big_shop(folder: Path, customers: int, say: Callable[[str], None]) -> BigShop:
    """The shop with this many customers and three times as many orders, written first if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"shop-{_FORM}-{customers}"
    file, done = folder / f"{name}.db", folder / f"{name}.done"
    orders = customers * ORDERS_A_CUSTOMER
    made_at = from_text(done.read_text()) if done.exists() else utc_now()
    shop = BigShop(customers, orders, f"sqlite:///{file}", folder / f"naive-{_FORM}-{customers}.db", made_at)
    if not done.exists():
        say(f"Writing a shop of {customers:,} customers and {orders:,} orders (once; it is kept in {folder}) …")
        for path in folder.glob(f"{name}.db*"):
            path.unlink()
        _write(shop, say)
        done.write_text(to_text(made_at))
    return shop


def customer_id_at(number: int, customers: int) -> str:
    """The id of the n-th customer. They ascend and are spread over all that is possible."""
    value, letters = (number * 2 + 1) * (1 << schema.ID_BITS) // (customers * 2), ""
    for _ in range(10):
        value, rest = divmod(value, 32)
        letters = _LETTERS[rest] + letters
    return letters


def _write(shop: BigShop, say: Callable[[str], None]) -> None:
    store = open_store(shop.url)
    try:
        store.create_tables()
        with NaiveTable(shop.naive) as naive:
            making = _Making(shop.customers, naive, shop.made_at)
            items = making.items()
            for number in itertools.count(1):
                part = [Put(key, item) for key, item in itertools.islice(items, _AT_ONCE)]
                if not part:
                    break
                # In the order of their keys, pages of the file are written once and not again and again.
                store.write_batch(sorted(part, key=lambda put: put.key))
                if number % 5 == 0:
                    say(f"  {making.made:,} customers")
    finally:
        store.close()


@dataclass(slots=True)
class _Made:
    """One customer and the orders."""

    customer: Customer
    orders: list[Order]


@dataclass(slots=True)
class _Making:
    """Yields every item of the shop, and its sums at the end."""

    customers: int
    naive: NaiveTable
    now: datetime
    made: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - the same every time
    days: defaultdict[Key, Totals] = field(default_factory=lambda: defaultdict(Totals))
    counters: Counter[Key] = field(default_factory=Counter)

    def items(self) -> Iterator[tuple[Key, Item]]:
        shares = self._shares()
        for number in range(self.customers):
            made = self._made(number, next(shares))
            self.made += 1
            yield from self._of_customer(made)
            self.naive.add(
                PlainOrder(o.customer_id, f"{o.placed_at:%Y-%m-%d}", o.status.value, o.total, 0) for o in made.orders
            )
        yield from ((key, totals_item(day)) for key, day in self.days.items())
        for key, count in self.counters.items():
            yield key, {"n": count}

    def _shares(self) -> Iterator[int]:
        """How many orders each customer has: many have one, few have many, and together three times the customers."""
        left, customers = self.customers * ORDERS_A_CUSTOMER, self.customers
        for number in range(customers):
            waiting = customers - number - 1
            wanted = min(int(self.chance.paretovariate(1.3)), 60)
            # Whoever comes later still gets one, and what is left at the end goes to the last ones.
            share = max(1, min(wanted, left - waiting), -(-left // (waiting + 1)) if waiting < customers // 50 else 1)
            left -= share
            yield share

    def _made(self, number: int, orders: int) -> _Made:
        chance = self.chance
        customer_id = customer_id_at(number, self.customers)
        country = chance.choices(COUNTRIES, COUNTRY_WEIGHTS)[0]
        firsts, lasts = names_of(country)
        first, last = chance.choice(firsts), chance.choice(lasts)
        moments = sorted(
            self.now - timedelta(minutes=int(DAYS * 1440 * chance.random() ** 1.2) + 1) for _ in range(orders)
        )
        local = "".join(character for character in fold(f"{first}.{last}") if character.isalnum() or character == ".")
        customer = Customer(
            id=customer_id,
            name=f"{first} {last}",
            email=f"{local}.{number}@example.com",
            created_at=moments[0] - timedelta(minutes=5),
            country=country,
            city=chance.choice(CITIES[country]),
            tags=self._tags(orders),
            source="staff",
        )
        placed = [self._order(customer, place, moment) for place, moment in enumerate(moments)]
        counts = [contribution_of(order) for order in placed]
        customer = replace(
            customer,
            orders=sum(each.orders for each in counts),
            revenue=sum(each.revenue for each in counts),
            first_day=f"{moments[0]:%Y-%m-%d}",
        )
        return _Made(customer, placed)

    def _tags(self, orders: int) -> tuple[str, ...]:
        tags = ["vip"] if orders >= 20 else []
        return tuple(tags + (["newsletter"] if self.chance.random() < 0.25 else []))

    def _order(self, customer: Customer, place: int, moment: datetime) -> Order:
        chance = self.chance
        picked = chance.choices(PRODUCTS, k=chance.choice((1, 1, 2, 3)))
        lines = tuple(LineItem(title, chance.choice((1, 1, 2)), price, sku) for title, sku, price, _ in picked)
        amount, shipping = sum(line.amount for line in lines), 590
        order_id = order_id_of("bench", f"{customer.id}{place}", moment)
        status = chance.choices(_STATUSES, _STATUS_WEIGHTS)[0]
        return Order(
            id=order_id,
            number=f"T{order_id[-8:]}",
            customer_id=customer.id,
            customer_name=customer.name,
            customer_email=customer.email,
            status=status,
            placed_at=moment,
            lines=lines,
            subtotal=amount,
            shipping=shipping,
            total=amount + shipping,
            currency="USD",
            history=(HistoryEntry(moment, "bench", f"Placed as {status}"),),
            country=customer.country,
        )

    # --- what the services would have written --------------------------------------------------------------------

    def _of_customer(self, made: _Made) -> Iterator[tuple[Key, Item]]:
        customer = made.customer
        yield schema.customer_key(customer.id), customer_item(customer)
        if customer.email:
            yield email_key(customer.email), email_item(customer.id)
        yield from ((key, {}) for key in pointer_keys(customer))
        activity = Activity("BENCH1", customer.created_at, "bench", ActivityKind.CREATED)
        yield activity_key(customer.id, activity), activity_item(activity)
        self.counters.update(count_keys(customer))
        yield from self._of_orders(made)

    def _of_orders(self, made: _Made) -> Iterator[tuple[Key, Item]]:
        customer, months = made.customer, defaultdict[str, list[int]](lambda: [0, 0])
        for order in made.orders:
            yield schema.order_key(customer.id, order.id), order_item(order, _UTC)
            counts, day = contribution_of(order), f"{order.placed_at:%Y-%m-%d}"
            months[day[:7]][0] += counts.orders
            months[day[:7]][1] += counts.revenue
            self._add(day, customer.id, Totals(counts.orders, counts.revenue, counts.refunded, counts.cancelled))
        self._add(customer.first_day, customer.id, Totals(new_customers=1))
        for month, (orders, revenue) in months.items():
            shown: Item = {"name": customer.name, "email": customer.email, "country": customer.country}
            yield (
                schema.customer_month_key(customer.id, month),
                shown | rank_attributes(month, customer.id, orders, revenue),
            )

    def _add(self, day: str, customer_id: str, totals: Totals) -> None:
        key = schema.day_key(day, customer_id)
        self.days[key] = self.days[key].plus(totals)
