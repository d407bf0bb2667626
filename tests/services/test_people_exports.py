"""Who is about to be lost, and who the best customers are, go out as files with who they are and what they bought."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from backend.errors import PermissionDeniedError
from backend.services.context import Shop
from backend.services.customers.leaderboards import Measure
from backend.services.exports import Format
from backend.services.insights.export import export_best_customers, export_lapsing
from backend.services.snapshots.build import make_snapshot
from backend.services.statistics.overview import today_of
from tests.support import MANAGER, STAFF, add_customer, add_order


@pytest.fixture
def late(shop: Shop) -> Shop:
    maria = add_customer(shop, "Maria", "maria@example.com", country="ES")
    for days in (130, 110, 60):
        add_order(shop, maria, 4000, placed_at=shop.clock() - timedelta(days=days))
    for number in range(3):
        add_order(shop, add_customer(shop, f"Often {number}", "", phone="+4930123"), 100 + number)
    make_snapshot(shop)
    return shop


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))


def test_all_who_are_about_to_be_lost_with_last_order_and_usual_interval(late: Shop) -> None:
    target = io.BytesIO()
    assert export_lapsing(late, MANAGER, target, Format.CSV) == 1
    (row,) = rows(target.getvalue())
    last = today_of(late) - timedelta(days=60)
    assert (row["Name"], row["E-mail address"], row["Revenue"], row["Orders"]) == (
        "Maria",
        "maria@example.com",
        "120.00",
        "3",
    )
    assert row["Last order"].startswith(last.isoformat())
    assert (row["Usual days between orders"], row["Days since the last order"]) == ("35", "60")


def test_the_best_customers_of_some_days_in_their_order(late: Shop) -> None:
    target = io.BytesIO()
    days = (today_of(late), today_of(late))
    assert export_best_customers(late, MANAGER, target, Format.CSV, days, Measure.REVENUE) == 3
    assert [(row["Place"], row["Name"], row["Revenue"]) for row in rows(target.getvalue())] == [
        ("1", "Often 2", "1.02"),
        ("2", "Often 1", "1.01"),
        ("3", "Often 0", "1.00"),
    ]


def test_both_are_for_those_who_may_export(late: Shop) -> None:
    days = (today_of(late), today_of(late))
    with pytest.raises(PermissionDeniedError):
        export_lapsing(late, STAFF, io.BytesIO(), Format.XLSX)
    with pytest.raises(PermissionDeniedError):
        export_best_customers(late, STAFF, io.BytesIO(), Format.XLSX, days, Measure.ORDERS)
