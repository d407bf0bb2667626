"""An order that comes by the API and by its shop is one order, whichever comes first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.orders import OrderStatus
from backend.services.context import Shop
from backend.services.imports.orders import import_orders
from tests.api.v1_support import Client
from tests.connections.door import Sender
from tests.connections.payloads import customer, shopify_order
from tests.connections.test_shopify import FILE_HEADER, orders_of, profiles
from tests.recount import assert_totals_hold
from tests.support import MANAGER, NOW, TestClock

BODY = {
    "customer": {"name": "John Smith", "email": "John@example.com"},
    "lines": [{"title": "Wool blanket", "quantity": 1, "unit_price": 2990}],
    "currency": "USD",
    "status": "paid",
}
AT = "2026-11-26T11:59:00Z"


def arriving(**more: object) -> dict[str, object]:
    return shopify_order(1001, created_at=AT, updated_at=AT, **more)


def placed(shop: Shop, reference: str, **more: object) -> dict[str, object]:
    answer = Client(shop)("POST", "/orders", {**BODY, "reference": reference, **more})
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, object] = answer.json()
    return found


@pytest.mark.parametrize("reference", ["1001", "#1001"])
def test_what_came_by_the_api_is_found_by_the_webhook(shop: Shop, reference: str) -> None:
    first = placed(shop, reference)
    sender = Sender(shop)
    sender.send("orders/create", arriving())
    (order,) = orders_of(shop).values()
    assert (f"{order.customer_id}-{order.id}", order.total, order.source) == (first["id"], 5989, "api")
    assert len(profiles(shop)) == 1
    sender.send(
        "orders/updated", {**arriving(), "fulfillment_status": "fulfilled", "updated_at": "2026-11-26T13:00:00Z"}
    )
    (order,) = orders_of(shop).values()
    assert order.status is OrderStatus.FULFILLED
    assert_totals_hold(shop)


def test_what_happened_here_before_the_webhook_stays(shop: Shop) -> None:
    first = placed(shop, "1001")
    ask = Client(shop)
    assert ask("PATCH", f"/orders/{first['id']}", {"status": "fulfilled"}, version=1).status_code == 200
    Sender(shop).send("orders/create", arriving())
    (order,) = orders_of(shop).values()
    assert (order.status, order.total) == (OrderStatus.FULFILLED, 2990)
    assert_totals_hold(shop)


def test_what_the_webhook_brought_is_found_by_the_api(shop: Shop) -> None:
    Sender(shop).send("orders/create", arriving())
    second = placed(shop, "1001")
    (order,) = orders_of(shop).values()
    assert second["id"] == f"{order.customer_id}-{order.id}"
    assert_totals_hold(shop)


def test_a_file_finds_what_came_by_the_api_and_changes_it_only_when_it_is_ahead(shop: Shop) -> None:
    placed(shop, "1001")
    file = shop.data_dir / "orders.csv"
    row = "#1001,john@example.com,paid,{},USD,49.90,5.00,4.99,59.89,2026-11-26 11:59:00 +0000,1,Blanket,49.90,A,0\n"
    for fulfilment, total in (("unfulfilled", 2990), ("fulfilled", 5989)):
        file.write_text(FILE_HEADER + row.format(fulfilment))
        result = import_orders(shop, MANAGER, file)
        (order,) = orders_of(shop).values()
        assert (order.total, result.orders.created, result.orders.failed) == (total, 0, 0)
    assert_totals_hold(shop)


def test_the_same_number_of_somebody_else_or_of_another_week_is_another_order(shop: Shop) -> None:
    placed(shop, "1001")
    placed(shop, "1002", placed_at=(NOW - timedelta(days=9)).isoformat())
    sender = Sender(shop)
    ann = customer(2, email="ann@example.com", first_name="Ann")
    sender.send("orders/create", arriving(email="ann@example.com", contact_email="ann@example.com", customer=ann))
    sender.send("orders/create", {**shopify_order(1002), "created_at": AT, "updated_at": AT})
    assert sorted(orders_of(shop)) == ["#1001", "#1002", "1001", "1002"]
    assert_totals_hold(shop)


def test_the_result_of_a_file_says_how_many_of_its_orders_had_not_arrived(shop: Shop, clock: TestClock) -> None:
    sender = Sender(shop)
    clock.forward(hours=8)
    sender.send("orders/create", shopify_order(1, created_at="2026-11-26T13:00:00Z", updated_at="2026-11-26T13:00:00Z"))
    days = {1: "2026-11-26 13:00", 2: "2026-11-26 14:00", 3: "2026-11-25 14:00", 4: "2026-11-26 19:30"}
    rows = "".join(
        f"#{number},john{number}@example.com,paid,,USD,49.90,5.00,4.99,59.89,{at}:00 +0000,1,Blanket,49.90,A,0\n"
        for number, at in days.items()
    )
    file = shop.data_dir / "orders.csv"
    file.write_text(FILE_HEADER + rows)
    result = import_orders(shop, MANAGER, file)
    assert (result.orders.created, result.missed, result.missed_since) == (3, 1, sender.connection.created_at)
    assert result.figures()["had_not_arrived"] == 1
    assert import_orders(shop, MANAGER, file).missed == 0
