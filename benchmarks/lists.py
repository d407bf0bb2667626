"""What pages read: the data of the Overview, the lists and one customer, in the largest shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from backend.domain.orders import OrderStatus
from backend.services.context import Shop
from backend.services.customers.customers import activity_of, find_by_email, get_customer
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.orders.lists import OrderFilter, find_order, list_orders, orders_of
from backend.services.statistics import figures
from backend.services.statistics.comparison import Period
from backend.services.statistics.overview import Granularity, overview_of
from benchmarks.big_shop import BigShop, customer_id_at
from benchmarks.results import Measurement, timed

TARGET_MS = 60.0
_RUNS = 60


def measure(big: BigShop) -> Iterator[Measurement]:
    """Yields the 95th percentile of each read."""
    shop = big.open()
    try:
        for name, call in _reads(shop, big).items():
            timing = timed(call, runs=_RUNS, seconds=6)
            what = f"{name}, {big.customers:,} customers (median {timing.median:.1f} ms, p95)"
            yield Measurement("lists", what, timing.p95, "ms", timing.runs, target=TARGET_MS)
    finally:
        shop.store.close()


def _reads(shop: Shop, big: BigShop) -> dict[str, Callable[[], object]]:
    today = big.made_at.date()
    month = OrderFilter(today - timedelta(days=29), today)
    everything = OrderFilter(today - timedelta(days=1095), today)
    customer = get_customer(shop, customer_id_at(big.customers // 2, big.customers))
    order = orders_of(shop, customer.id, limit=1).orders[0]
    surname = customer.name.split()[-1]
    third = _cursor(shop, CustomerFilter(), 2)
    return {
        "Overview, 30 days": lambda: overview_of(shop, month.first, month.last, Granularity.DAY),
        "Overview, 3 years": lambda: overview_of(
            shop, everything.first, everything.last, Granularity.MONTH, period=Period.ALL_TIME
        ),
        "customers by country": lambda: figures.counts_of(shop, "country"),
        "Customers, first page": lambda: list_customers(shop, CustomerFilter()),
        "Customers, third page": lambda: list_customers(shop, CustomerFilter(), cursor=third),
        "Customers, newest": lambda: list_customers(shop, CustomerFilter(sort=Sort.NEWEST)),
        "Customers of a tag": lambda: list_customers(shop, CustomerFilter(tag="newsletter")),
        "Customers of a country, newest": lambda: list_customers(shop, CustomerFilter(country="DE", sort=Sort.NEWEST)),
        "search by a whole address": lambda: list_customers(shop, CustomerFilter(search=customer.email or "")),
        "search by a surname": lambda: list_customers(shop, CustomerFilter(search=surname)),
        "search by two letters": lambda: list_customers(shop, CustomerFilter(search=surname[:2])),
        "Customer": lambda: (
            get_customer(shop, customer.id),
            orders_of(shop, customer.id),
            activity_of(shop, customer.id),
        ),
        "customer by address": lambda: find_by_email(shop, customer.email or ""),
        "Orders of 30 days": lambda: list_orders(shop, month),
        "Orders of 3 years": lambda: list_orders(shop, everything),
        "Orders of 3 years, pending": lambda: list_orders(
            shop, OrderFilter(everything.first, everything.last, (OrderStatus.PENDING,))
        ),
        "order by its number": lambda: find_order(shop, order.number),
    }


def _cursor(shop: Shop, wanted: CustomerFilter, pages: int) -> str | None:
    cursor = None
    for _ in range(pages):
        cursor = list_customers(shop, wanted, cursor=cursor).cursor
    return cursor
