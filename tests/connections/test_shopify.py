"""Orders, refunds and customers of a Shopify shop that arrive as webhooks: each once, and right."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from backend.domain.automations import TriggerKind
from backend.domain.connections import DeliveryState
from backend.domain.order_states import left_to_fulfil
from backend.domain.orders import Order, OrderStatus, contribution_of
from backend.records.orders import order_from
from backend.services.connections import connections, deliveries
from backend.services.context import Shop
from backend.services.customers import customers as customer_service
from backend.services.imports.orders import import_orders
from backend.services.triggers import active
from backend.store.port import Row
from tests.connections.door import Sender, apply_all, posted
from tests.connections.payloads import ODD, REVENUE, address, customer, line, money, shopify_order, shopify_refund
from tests.recount import assert_totals_hold, everything
from tests.support import ENGINEER, MANAGER, TestClock

FILE_HEADER = (
    "Name,Email,Financial Status,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,"
    "Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Refunded Amount\n"
)


@pytest.fixture
def sender(shop: Shop) -> Sender:
    return Sender(shop)


def orders_of(shop: Shop) -> dict[str, Order]:
    found = [row for row in everything(shop) if row.key.pk.startswith("C#") and row.key.sk.startswith("O#")]
    orders = [order_from(row.key, row.item) for row in found]
    assert len({order.number for order in orders}) == len(orders)
    return {order.number: order for order in orders}


def profiles(shop: Shop) -> list[Row]:
    return [row for row in everything(shop) if row.key.pk.startswith("C#") and row.key.sk == "A"]


def figures(shop: Shop, sender: Sender) -> connections.ConnectionView:
    return connections.view_of(shop, sender.connection)


def test_an_order_is_taken_over_with_its_customer(shop: Shop, sender: Sender) -> None:
    sender.send("orders/create", shopify_order())
    order = orders_of(shop)["#1001"]
    assert (order.subtotal, order.shipping, order.tax, order.total, order.other) == (4990, 500, 499, 5989, 0)
    assert (order.status, order.customer_name, order.customer_email) == ("paid", "John Smith", "john@example.com")
    assert [(each.title, each.quantity, each.unit_price) for each in order.lines] == [
        ("Wool blanket", 1, 2990),
        ("Candle", 2, 1000),
    ]
    assert (order.source, order.country, order.history[0].by) == ("shopify", "CA", "shopify")
    seen = figures(shop, sender).figures
    assert (seen.received, seen.applied, seen.last_topic) == (1, 1, "orders/create")
    assert_totals_hold(shop)


@pytest.mark.parametrize("name", ODD)
def test_an_odd_order_counts_what_it_should(shop: Shop, sender: Sender, name: str) -> None:
    sender.send("orders/create", ODD[name])
    sender.send("orders/updated", ODD[name])
    order = orders_of(shop)[ODD[name]["name"]]
    assert contribution_of(order).revenue == REVENUE[name]
    assert figures(shop, sender).failed == 0
    assert_totals_hold(shop)


def test_what_arrives_twice_shuffled_and_late_gives_the_same_as_in_order(shop: Shop, sender: Sender) -> None:
    """Every history of three orders, each delivery twice, in forty random orders: the last version counts."""
    histories = []
    for number in (1001, 1002, 1003):
        refund = shopify_refund(number, "9.89", number)
        steps = [
            ("orders/create", {"financial_status": "pending", "total_outstanding": "59.89"}),
            ("orders/paid", {}),
            ("orders/fulfilled", {"fulfillment_status": "fulfilled"}),
            ("orders/updated", {"fulfillment_status": "fulfilled", "refunds": [refund], "note": "Last"}),
        ]
        histories += [
            (topic, shopify_order(number, updated_at=f"2026-11-26T07:0{step}:00-05:00", **more))
            for step, (topic, more) in enumerate(steps)
        ]
        histories.append(("refunds/create", refund))
    chance = Random(3)
    for _ in range(8):
        requests = [sender.request(topic, payload) for topic, payload in histories]
        twice = requests + [sender.request(*each, id=f"again-{chance.random()}") for each in histories]
        chance.shuffle(twice)
        assert set(posted(shop, twice)) == {200}
        apply_all(shop)
        shop.clock.forward(hours=1)  # type: ignore[attr-defined]  # the clock of tests
        apply_all(shop)
        found = orders_of(shop)
        assert sorted(found) == ["#1001", "#1002", "#1003"]
        assert {(order.status, order.refunded, order.note) for order in found.values()} == {
            (OrderStatus.FULFILLED, 989, "Last")
        }
    assert len(profiles(shop)) == 1
    assert figures(shop, sender).failed == 0
    assert_totals_hold(shop)


def test_the_same_delivery_twice_is_stored_once(shop: Shop, sender: Sender) -> None:
    request = sender.request("orders/create", shopify_order(), id="one")
    assert posted(shop, [request, request]) == [200, 200]
    assert apply_all(shop) == 1
    assert posted(shop, [request]) == [200]
    assert apply_all(shop) == 0


def test_a_refund_before_its_order_waits_for_it(shop: Shop, sender: Sender, clock: TestClock) -> None:
    sender.send("refunds/create", shopify_refund(7, "10.00"))
    assert figures(shop, sender).waiting == 1
    sender.send("orders/create", shopify_order())
    clock.forward(seconds=31)
    apply_all(shop)
    assert orders_of(shop)["#1001"].refunded == 1000
    sender.send(
        "orders/updated", shopify_order(updated_at="2026-11-26T08:00:00-05:00", refunds=[shopify_refund(7, "10.00")])
    )
    assert orders_of(shop)["#1001"].refunded == 1000
    assert_totals_hold(shop)


def test_a_refund_of_an_order_that_never_comes_fails_after_four_hours(
    shop: Shop, sender: Sender, clock: TestClock
) -> None:
    sender.send("refunds/create", shopify_refund(7, "10.00"))
    for _ in range(8):
        clock.forward(hours=2, seconds=1)
        apply_all(shop)
    (failed,) = deliveries.failed_deliveries(shop, ENGINEER, sender.connection.id).deliveries
    assert (failed.topic, failed.reason) == ("refunds/create", "The order of this refund has not arrived yet.")


def test_a_refund_in_the_customers_currency_counts_in_the_shops(shop: Shop, sender: Sender) -> None:
    refund = shopify_refund(9, "27.55")
    refund["transactions"][0]["currency"] = "EUR"
    order = shopify_order(presentment_currency="EUR", total_price_set=money("59.89", "55.10"), refunds=[refund])
    sender.send("orders/updated", order)
    assert orders_of(shop)["#1001"].refunded == 2995


def test_an_order_by_file_and_then_by_webhook_is_one_order(shop: Shop, sender: Sender, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    row = "#1001,john@example.com,pending,,USD,49.90,5.00,4.99,59.89,2026-11-26 06:55:00 -0500,1,Wool blanket,49.90,,\n"
    file.write_text(FILE_HEADER + row)
    import_orders(shop, MANAGER, file)
    sender.send("orders/paid", shopify_order())
    order = orders_of(shop)["#1001"]
    assert (order.status, len(order.lines)) == (OrderStatus.PAID, 2)
    assert len(profiles(shop)) == 1
    import_orders(shop, MANAGER, file)  # the same old file takes nothing back
    file.write_text(FILE_HEADER + row.replace("Wool", "Linen"))
    import_orders(shop, MANAGER, file)
    assert orders_of(shop)["#1001"] == order
    file.write_text(FILE_HEADER + row.replace("pending,", "paid,fulfilled"))  # a webhook was missed
    import_orders(shop, MANAGER, file)
    assert orders_of(shop)["#1001"].status is OrderStatus.FULFILLED
    assert_totals_hold(shop)


def test_only_orders_that_are_new_start_automations(
    shop: Shop, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[TriggerKind] = []
    monkeypatch.setattr("backend.services.triggers.writes.listening", lambda shop, kind: started.append(kind) or [])
    sender.send("orders/updated", shopify_order(1001, created_at="2026-11-20T06:55:00-05:00", processed_at=None))
    assert started == []
    sender.send("orders/create", shopify_order(1002))
    assert TriggerKind.ORDER_PLACED in started
    assert TriggerKind.ORDER_PAID in started
    started.clear()
    shipped = {"fulfillment_status": "fulfilled", "updated_at": "2026-11-26T08:00:00-05:00"}
    sender.send("orders/fulfilled", shopify_order(1002, **shipped))
    assert started == [TriggerKind.ORDER_SHIPPED]
    active.forget(shop)


def test_a_customer_is_taken_over_and_an_older_version_changes_nothing(shop: Shop, sender: Sender) -> None:
    agreed = {"state": "subscribed", "consent_updated_at": "2026-11-26T06:30:00-05:00"}
    sender.send("customers/create", customer(default_address=address(), email_marketing_consent=agreed))
    late = customer(first_name="Jonathan", updated_at="2026-11-26T06:50:00-05:00")
    sender.send("customers/update", late)
    sender.send("customers/update", customer(first_name="Jon", updated_at="2026-11-26T06:40:00-05:00"))
    (row,) = profiles(shop)
    found = customer_service.get_customer(shop, row.key.pk[2:])
    assert (found.name, found.city, found.country) == ("Jonathan Smith", "Ottawa", "CA")
    assert found.consent is not None
    assert found.consent.given
    refused = {"state": "unsubscribed", "consent_updated_at": "2026-11-26T06:55:00-05:00"}
    sender.send(
        "customers/update",
        customer(updated_at="2026-11-26T06:55:00-05:00", email="jo@example.com", email_marketing_consent=refused),
    )
    found = customer_service.get_customer(shop, row.key.pk[2:])
    assert found.email == "jo@example.com"
    assert found.consent is not None
    assert not found.consent.given


def test_a_request_about_personal_data_is_noted_for_a_person(shop: Shop, sender: Sender) -> None:
    sender.send("orders/create", shopify_order())
    asked = {"shop_domain": "x", "customer": {"id": 115310627314723954, "email": "john@example.com", "phone": None}}
    sender.send("customers/redact", {**asked, "orders_to_redact": [1, 2]})
    (request,) = connections.privacy_requests(shop, ENGINEER)
    assert (request.topic, request.orders, request.done_at) == ("customers/redact", 2, None)
    assert request.customer == profiles(shop)[0].key.pk[2:]
    connections.close_privacy_request(shop, ENGINEER, request.id)
    assert connections.privacy_requests(shop, ENGINEER)[0].done_by == ENGINEER.username


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("orders/create", b'{"id": 1, "name": "#1', "The payload is not JSON"),
        ("orders/create", b"[]", "not a JSON object"),
        ("orders/create", {}, "The order has no name"),
        ("orders/create", {"id": 1}, "The payload of the order has no total."),
        ("orders/create", shopify_order(currency="EUR"), "an order in EUR cannot be mixed in"),
        ("orders/create", shopify_order(total_price="a lot", total_price_set=None), "no total"),
        ("orders/create", shopify_order(created_at="soon", processed_at=None), "Created at"),
        ("orders/create", shopify_order(line_items=[line("Pin", 1, "0.10")] * 501), "501 line items"),
        ("refunds/create", {"id": 1}, "does not say which order"),
    ],
)
def test_what_cannot_be_applied_is_kept_with_its_reason_and_can_be_replayed(
    shop: Shop, sender: Sender, topic: str, payload: object, reason: str
) -> None:
    sender.send(topic, payload, id="bad")
    (failed,) = deliveries.failed_deliveries(shop, ENGINEER, sender.connection.id).deliveries
    assert reason in failed.reason
    assert deliveries.get_delivery(shop, sender.connection.id, "bad").body
    assert deliveries.replay_all(shop, ENGINEER, sender.connection.id) == 1
    assert apply_all(shop) == 1
    view = figures(shop, sender)
    assert (view.failed, view.waiting) == (1, 0)
    assert "could not be applied" in view.trouble
    deliveries.discard(shop, ENGINEER, sender.connection.id, "bad")
    assert figures(shop, sender).failed == 0


def test_a_topic_of_no_use_is_ignored(shop: Shop, sender: Sender) -> None:
    sender.send("products/update", {"id": 1})
    assert figures(shop, sender).figures.ignored == 1


def test_a_test_event_is_read_and_changes_nothing(shop: Shop, sender: Sender) -> None:
    sender.send("orders/create", shopify_order(), id="test", X_Shopify_Test="true")
    assert orders_of(shop) == {}
    found = deliveries.get_delivery(shop, sender.connection.id, "test")
    assert (found.state, found.body) == (DeliveryState.IGNORED, b"")


def test_parcels_arrive_with_their_tracking_and_one_that_is_called_off_goes(shop: Shop, sender: Sender) -> None:
    parcel = {
        "id": 255858046,
        "status": "success",
        "created_at": "2026-11-26T07:20:00-05:00",
        "tracking_company": "UPS",
        "tracking_number": "1Z2345",
        "tracking_url": "javascript:alert(1)",
        "line_items": [line("Wool blanket", 1, "29.90", 1)],
    }
    second = {**parcel, "id": 255858047, "tracking_url": "https://example.com/t", "line_items": []}
    sender.send("orders/create", shopify_order())
    sender.send(
        "orders/partially_fulfilled",
        shopify_order(
            updated_at="2026-11-26T07:20:00-05:00", fulfillment_status="partial", fulfillments=[parcel, second]
        ),
    )
    order = orders_of(shop)["#1001"]
    assert [(each.carrier, each.tracking_number) for each in order.fulfilments] == [("UPS", "1Z2345")] * 2
    assert [each.tracking_url for each in order.fulfilments] == [
        "https://www.ups.com/track?tracknum=1Z2345",
        "https://example.com/t",
    ]
    assert (order.status, left_to_fulfil(order)) == (OrderStatus.PAID, [0, 2])
    gone = shopify_order(
        updated_at="2026-11-26T07:30:00-05:00", fulfillments=[parcel, {**second, "status": "cancelled"}]
    )
    sender.send("orders/updated", gone)
    assert len(orders_of(shop)["#1001"].fulfilments) == 1


def test_addresses_are_taken_over(shop: Shop, sender: Sender) -> None:
    sender.send("orders/create", shopify_order(billing_address=address(address1="1 Main St")))
    order = orders_of(shop)["#1001"]
    assert order.shipping_address is not None
    assert order.shipping_address.lines == ["John Smith", "123 Elm St.", "Ottawa, ON K2H 7A8"]
    assert order.billing_address is not None
    assert order.billing_address.street == "1 Main St"


def test_each_refund_is_one_of_its_own(shop: Shop, sender: Sender) -> None:
    sender.send("orders/create", shopify_order())
    sender.send("refunds/create", shopify_refund(1, "10.00"))
    sender.send("refunds/create", shopify_refund(2, "5.00"))
    sender.send("refunds/create", shopify_refund(1, "10.00"))
    assert [refund.amount for refund in orders_of(shop)["#1001"].refunds] == [1000, 500]
    assert_totals_hold(shop)
