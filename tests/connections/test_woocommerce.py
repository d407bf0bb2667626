"""Orders and customers of a WooCommerce shop that arrive as webhooks."""

from __future__ import annotations

import pytest

from backend.domain.connections import ShopKind
from backend.domain.orders import OrderStatus, contribution_of
from backend.services.context import Shop
from tests.connections.door import Sender, posted
from tests.connections.payloads import woo_order
from tests.connections.test_shopify import figures, orders_of, profiles
from tests.recount import assert_totals_hold


@pytest.fixture
def sender(shop: Shop) -> Sender:
    return Sender(shop, ShopKind.WOOCOMMERCE)


def test_an_order_is_taken_over(shop: Shop, sender: Sender) -> None:
    sender.send("order.created", woo_order())
    order = orders_of(shop)["727"]
    assert (order.subtotal, order.shipping, order.tax, order.total, order.other) == (4000, 1000, 500, 5500, 0)
    assert (order.source, order.customer_name, order.status) == ("woocommerce", "Ann Lee", "paid")
    assert_totals_hold(shop)


@pytest.mark.parametrize(
    ("status", "wanted", "revenue"),
    [
        ("pending", OrderStatus.PENDING, 5500),
        ("on-hold", OrderStatus.PENDING, 5500),
        ("processing", OrderStatus.PAID, 5500),
        ("completed", OrderStatus.FULFILLED, 5500),
        ("cancelled", OrderStatus.CANCELLED, 0),
        ("failed", OrderStatus.CANCELLED, 0),
    ],
)
def test_each_status_means_what_it_says(
    shop: Shop, sender: Sender, status: str, wanted: OrderStatus, revenue: int
) -> None:
    sender.send("order.updated", woo_order(status=status))
    order = orders_of(shop)["727"]
    assert (order.status, contribution_of(order).revenue) == (wanted, revenue)


def test_a_refunded_order_keeps_its_total_and_gives_back_all(shop: Shop, sender: Sender) -> None:
    sender.send("order.created", woo_order())
    refunds = [{"id": 728, "reason": "", "total": "-15.00"}, {"id": 729, "reason": "", "total": "-40.00"}]
    sender.send("order.updated", woo_order(status="refunded", refunds=refunds, date_modified_gmt="2026-11-26T12:30:00"))
    order = orders_of(shop)["727"]
    assert (order.total, order.refunded, contribution_of(order).revenue) == (5500, 5500, 0)
    assert_totals_hold(shop)


def test_discounts_fees_and_prices_that_do_not_divide(shop: Shop, sender: Sender) -> None:
    lines = [{"id": 1, "name": "Trio", "quantity": 3, "subtotal": "10.00", "total": "9.00", "sku": ""}]
    fees = [{"id": 2, "name": "Wrapping", "total": "2.50"}]
    sender.send(
        "order.created",
        woo_order(line_items=lines, fee_lines=fees, discount_total="1.00", total="26.50", coupon_lines=[{"code": "X"}]),
    )
    order = orders_of(shop)["727"]
    assert (order.subtotal, order.discount, order.total, order.other) == (1150, 100, 2650, 0)
    assert order.discount_code == "X"


def test_guests_are_distinguished_by_their_address_and_drafts_are_no_orders(shop: Shop, sender: Sender) -> None:
    sender.send("order.created", woo_order(1, customer_id=0))
    billing = {**woo_order()["billing"], "email": "bob@example.com"}
    sender.send("order.created", woo_order(2, customer_id=0, billing=billing))
    sender.send("order.updated", woo_order(3, status="checkout-draft"))
    assert len(profiles(shop)) == 2
    assert sorted(orders_of(shop)) == ["1", "2"]


def test_a_customer_is_taken_over(shop: Shop, sender: Sender) -> None:
    sender.send("order.created", woo_order())
    payload = {
        "id": 26,
        "email": "ann@example.com",
        "first_name": "Anna",
        "last_name": "Lee",
        "billing": {"city": "Bonn"},
    }
    sender.send("customer.updated", {**payload, "date_modified_gmt": "2026-11-26T12:30:00"})
    (row,) = profiles(shop)
    assert (row.item["name"], row.item["city"]) == ("Anna Lee", "Bonn")


def test_the_ping_is_answered(shop: Shop, sender: Sender) -> None:
    ping = sender.request("", b"webhook_id=17", secret="not ours")
    assert posted(shop, [ping]) == [200]
    assert posted(shop, [sender.request("order.created", b"webhook_id=17&a=b", secret="not ours")]) == [401]
    assert figures(shop, sender).waiting == 0


def test_the_shops_of_two_kinds_are_distinguished(shop: Shop, sender: Sender) -> None:
    other = Sender(shop)
    request = sender.request("order.created", woo_order())
    request.url = request.url.copy_with(path=f"/hooks/shopify/{sender.connection.id}")
    assert posted(shop, [request]) == [401]
    assert other.connection.source == "shopify"
