"""Order intake through the service, durable on SQLite, beside writing bare rows one by one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.domain.customers import Customer
from backend.domain.orders import LineItem, OrderStatus
from backend.domain.team import COMMAND_LINE
from backend.domain.time import utc_now
from backend.services.context import Shop
from backend.services.customers.customers import Profile, create_customer
from backend.services.orders.orders import OrderDraft, new_idempotency_key, place_order
from benchmarks import naive
from benchmarks.naive import PlainOrder
from benchmarks.results import Measurement

TARGET = 1000.0
_PEOPLE = 200
_THREADS = 4
_LINES = (LineItem("Assam tea, 100 g", 2, 1290, "TEA-1"), LineItem("Tea strainer", 1, 890, "TEA-9"))


def measure(folder: Path, orders: int) -> Iterator[Measurement]:
    """Yields the orders a second of one caller and of several at once."""
    with TemporaryDirectory(dir=folder) as directory:
        plain = _bare_rows(Path(directory, "naive.db"), orders)
        shop = Shop(open_store(f"sqlite:///{directory}/shop.db"), utc_now, ZoneInfo("UTC"), "USD")
        try:
            shop.store.create_tables()
            people = [
                create_customer(shop, COMMAND_LINE, Profile(f"Customer {number}", f"c{number}@example.com"))
                for number in range(_PEOPLE)
            ]
            for threads in (1, _THREADS):
                rate = _rate(shop, people, orders, threads)
                callers = "one caller" if threads == 1 else f"{threads} callers at once"
                what = f"orders placed, each durable with all its totals, {callers}"
                way = "INSERT of a bare row, each durable, no totals"
                target = TARGET if threads == 1 else None
                yield Measurement("intake", what, rate, "orders/s", orders, plain, way, target)
        finally:
            shop.store.close()


def _rate(shop: Shop, people: list[Customer], orders: int, threads: int) -> float:
    buyers = list(islice(cycle(people), orders))
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(partial(_place, shop, customer)) for customer in buyers]:
            done.result()
    return orders / (time.perf_counter() - began)


def _place(shop: Shop, customer: Customer) -> None:
    draft = OrderDraft(customer.id, _LINES, shipping=590, status=OrderStatus.PAID)
    place_order(shop, COMMAND_LINE, draft, new_idempotency_key(shop))


def _bare_rows(path: Path, orders: int) -> float:
    began = time.perf_counter()
    naive.insert_each(path, (PlainOrder(f"C{n % _PEOPLE}", "2026-11-26", "paid", 4060, 0) for n in range(orders)))
    return orders / (time.perf_counter() - began)
