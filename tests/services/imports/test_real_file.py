"""The import of a real shop's four years, held against an independent recount of the file."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from backend.services.context import Shop
from backend.services.customers.customers import find_by_email, get_customer
from backend.services.customers.leaderboards import Measure, top_customers
from backend.services.imports import import_orders
from backend.services.orders.lists import OrderFilter, find_order, list_orders
from backend.services.statistics.figures import totals_by_day, totals_of
from tests.support import STAFF


class Recount:
    """Orders, revenue in cents and customers, added up from the rows of the file."""

    def __init__(self, path: Path) -> None:
        self.orders: Counter[str] = Counter()
        self.revenue: Counter[str] = Counter()
        self.by_month: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.by_day: Counter[str] = Counter()
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["Total"] and not row["Cancelled at"]:
                    self._add(row)

    def _add(self, row: dict[str, str]) -> None:
        cents = int((Decimal(row["Total"]) - Decimal(row["Refunded Amount"])) * 100)
        email = row["Email"].lower()
        self.orders[email] += 1
        self.revenue[email] += cents
        self.by_month[row["Created at"][:7]][email] += cents
        self.by_day[row["Created at"][:10]] += cents

    @staticmethod
    def top(counter: Counter[str], number: int) -> list[int]:
        return [amount for _, amount in counter.most_common(number)]


@pytest.fixture
def recount(real_file: Path) -> Recount:
    return Recount(real_file)


def test_a_real_export_comes_in_whole_and_every_total_equals_a_recount(
    shop: Shop, real_file: Path, recount: Recount
) -> None:
    result = import_orders(shop, STAFF, real_file)

    assert result.figures() | {"seconds": 0} == {
        "orders": {"created": 5009, "updated": 0, "unchanged": 0, "failed": 0},
        "customers": {"created": 793},
        "seconds": 0,
    }
    assert result.report is None
    days = totals_by_day(shop, date(2016, 1, 1), date(2026, 12, 31))
    totals = totals_of(days)
    assert (totals.orders, totals.revenue, totals.new_customers) == (5009, 229_720_113, 793)
    assert {f"{day.day:%Y-%m-%d}": day.totals.revenue for day in days} == dict(recount.by_day)
    _check_boards(shop, recount)


def _check_boards(shop: Shop, recount: Recount) -> None:
    best = top_customers(shop, Measure.REVENUE, limit=50)
    assert [customer.revenue for customer in best] == recount.top(recount.revenue, 50)
    assert all(recount.revenue[customer.email or ""] == customer.revenue for customer in best)
    assert all(recount.orders[customer.email or ""] == customer.orders for customer in best)
    busiest = top_customers(shop, Measure.ORDERS, limit=1000)
    assert Counter({customer.email: customer.orders for customer in busiest}) == recount.orders
    month = "2018-11"
    assert [c.revenue for c in top_customers(shop, Measure.REVENUE, month)] == recount.top(recount.by_month[month], 25)


def test_the_same_real_export_again_writes_nothing(shop: Shop, real_file: Path) -> None:
    import_orders(shop, STAFF, real_file)
    before = [list(shop.store.scan(table, limit=1_000_000).rows) for table in ("shop", "mail")]

    again = import_orders(shop, STAFF, real_file)

    assert again.orders.as_dict() == {"created": 0, "updated": 0, "unchanged": 5009, "failed": 0}
    assert [list(shop.store.scan(table, limit=1_000_000).rows) for table in ("shop", "mail")] == before


def test_an_order_of_a_real_export_keeps_its_lines_its_status_and_its_customer(shop: Shop, real_file: Path) -> None:
    import_orders(shop, STAFF, real_file)

    order = find_order(shop, "CA-2016-112326")
    assert order is not None
    assert [(line.title, line.quantity, line.unit_price) for line in order.lines] == [
        ("Avery 508", 3, 393),
        ("SAFCO Boltless Steel Shelving", 3, 9091),
        ("GBC Standard Plastic Binding Systems Combs", 2, 177),
    ]
    customer = get_customer(shop, order.customer_id)
    assert (order.status, order.total, customer.name, customer.city, customer.tags) == (
        "fulfilled", 28806, "Phillina Ober", "Naperville", ("home office",),
    )  # fmt: skip
    assert find_by_email(shop, "PHILLINA.OBER@example.com") == customer
    day = date(2016, 1, 4)
    assert [each.number for each in list_orders(shop, OrderFilter(day, day)).orders] == ["CA-2016-112326"]
