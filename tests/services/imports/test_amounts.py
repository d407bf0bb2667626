"""What counts as revenue, and how an order's amounts add up."""

from __future__ import annotations

from datetime import date

import pytest

from backend.domain.orders import Order, OrderStatus
from backend.domain.totals import Totals
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.imports import import_orders
from backend.services.orders import orders
from backend.services.orders.lists import find_order
from backend.services.reconcile import reconcile
from backend.services.statistics.figures import totals_by_day, totals_of
from tests.recount import assert_totals_hold
from tests.services.imports.shopify_csv import HEADER, imported, line, order, text_of, written
from tests.support import STAFF, ref

MORE = [*HEADER, "Payment Method", "Duties", "Tip", "Taxes Included", "Outstanding Balance"]


def brought(shop: Shop, *rows: dict[str, str]) -> None:
    result = import_orders(shop, STAFF, written(shop.data_dir, text_of(rows, header=MORE)))
    assert result.orders.failed == 0
    assert_totals_hold(shop)
    assert not reconcile(shop).drift


def found(shop: Shop, number: str = "#1001") -> Order:
    order = find_order(shop, number)
    assert order is not None
    return order


def totals(shop: Shop) -> Totals:
    return totals_of(totals_by_day(shop, date(2026, 1, 1), date(2026, 12, 31)))


@pytest.mark.parametrize("title", ["Tip", "Trinkgeld", "Propina", "チップ"])
def test_a_tip_is_no_product_and_the_amounts_add_up(shop: Shop, title: str) -> None:
    brought(shop, order(total="29.00"), line(lineitem_name=title, lineitem_price="3.00"))
    kept = found(shop)
    assert ([item.title for item in kept.lines], kept.tip, kept.other) == (["Assam tea"], 300, 0)
    assert totals(shop).revenue == 2900


def test_a_product_that_is_called_tip_stays_one(shop: Shop) -> None:
    brought(shop, order(subtotal="23.00", total="29.00"), line(lineitem_name="Tip", lineitem_price="3.00"))
    assert ([item.title for item in found(shop).lines], found(shop).tip) == (["Assam tea", "Tip"], 0)


def test_an_order_of_a_tip_alone_comes_in(shop: Shop) -> None:
    amounts = {"subtotal": "0.00", "shipping": "0.00", "taxes": "0.00", "total": "3.00"}
    brought(shop, order(lineitem_name="Tip", lineitem_sku="", lineitem_quantity="1", lineitem_price="3.00", **amounts))
    assert (found(shop).lines, found(shop).tip, totals(shop).revenue) == ((), 300, 300)


@pytest.mark.parametrize(
    ("total", "more", "included", "other"),
    [
        ("26.00", {}, False, 0),
        ("25.00", {}, True, 0),
        ("25.00", {"Taxes Included": "yes"}, True, 0),
        ("26.00", {"Taxes Included": "no"}, False, 0),
        ("28.00", {"Duties": "2.00"}, False, 0),
        ("27.00", {"Duties": "2.00"}, True, 0),
        ("29.50", {"Tip": "3.50"}, False, 0),
        ("26.01", {}, False, 1),
        ("21.00", {"Discount Amount": "5.00"}, False, -500),
    ],
)
def test_tax_duties_and_tips_come_to_the_total(
    shop: Shop, total: str, more: dict[str, str], included: bool, other: int
) -> None:
    brought(shop, order(total=total) | more)
    kept = found(shop)
    assert (kept.tax_included, kept.other) == (included, other)
    assert kept.added_up + kept.other == kept.total


@pytest.mark.parametrize(
    "way", ["Bogus Gateway", "bogus", "Gift card + Bogus Gateway", "Test gateway", "Pasarela de prueba"]
)
def test_a_test_order_comes_in_and_counts_nowhere(shop: Shop, way: str) -> None:
    brought(shop, order("#1"), order("#2", email="test@example.com") | {"Payment Method": way})

    assert (totals(shop).orders, totals(shop).revenue, totals(shop).cancelled) == (1, 2600, 0)
    assert found(shop, "#2").test
    with pytest.raises(InvalidInputError, match="test order"):
        orders.change_status(shop, STAFF, ref(found(shop, "#2")), OrderStatus.PAID)


def test_a_test_order_of_somebody_who_has_ordered_before_comes_in(shop: Shop) -> None:
    test = {"Payment Method": "Bogus Gateway"}
    brought(shop, order("#1"), order("#2") | test, order("#3", financial_status="voided"), order("#4") | test)
    brought(shop, order("#5") | test)
    assert (totals(shop).orders, totals(shop).revenue, totals(shop).cancelled) == (1, 2600, 1)


def test_a_test_order_that_was_imported_as_a_real_one_stops_counting(shop: Shop) -> None:
    brought(shop, order())
    brought(shop, order() | {"Payment Method": "Bogus Gateway"})
    assert (totals(shop).orders, totals(shop).revenue) == (0, 0)


@pytest.mark.parametrize("way", ["Shopify Payments", "Gift card + Shopify Payments", "manual", "PayPal", ""])
def test_other_ways_of_payment_are_real(shop: Shop, way: str) -> None:
    brought(shop, order() | {"Payment Method": way})
    assert totals(shop).revenue == 2600


@pytest.mark.parametrize(
    ("refunded", "revenue", "given_back"), [("0.00", 600, 0), ("4.00", 200, 400), ("50.00", 0, 600), ("56.00", 0, 600)]
)
def test_a_gift_card_is_no_revenue_when_it_is_sold(shop: Shop, refunded: str, revenue: int, given_back: int) -> None:
    amounts = {"subtotal": "56.00", "shipping": "0.00", "taxes": "0.00", "total": "56.00", "refunded_amount": refunded}
    brought(
        shop,
        order(lineitem_name="Gift Card - $50.00", lineitem_quantity="1", lineitem_price="50.00", **amounts),
        line(),
    )
    assert (totals(shop).revenue, totals(shop).refunded) == (revenue, given_back)


def test_an_order_paid_by_gift_card_is_revenue(shop: Shop) -> None:
    brought(shop, order() | {"Payment Method": "gift_card"})
    assert totals(shop).revenue == 2600


def test_a_refund_above_the_total_comes_in_as_it_is(shop: Shop) -> None:
    brought(shop, order(refunded_amount="30.00", financial_status="refunded"))
    assert (found(shop).refunded, found(shop).refundable, totals(shop).revenue) == (3000, 0, -400)


def test_amounts_that_are_taken_away_may_be_written_with_a_minus(shop: Shop) -> None:
    brought(shop, order(refunded_amount="-6.00", discount_amount="-1.00"))
    assert (found(shop).refunded, found(shop).discount) == (600, 100)


@pytest.mark.parametrize(
    ("status", "outstanding", "received", "balance"),
    [
        ("paid", "", 2600, 0),
        ("paid", "4.00", 2200, 400),
        ("partially_paid", "6.00", 2000, 600),
        ("pending", "26.00", 0, 2600),
    ],
)
def test_an_outstanding_balance_is_what_is_left_to_pay(
    shop: Shop, status: str, outstanding: str, received: int, balance: int
) -> None:
    brought(shop, order(financial_status=status) | {"Outstanding Balance": outstanding})
    assert (found(shop).received, found(shop).balance) == (received, balance)


def test_cash_on_delivery_is_not_paid_when_it_is_shipped(shop: Shop) -> None:
    brought(shop, order(financial_status="pending", fulfillment_status="fulfilled"))
    before = found(shop)
    assert (before.status, before.balance, before.refundable) == (OrderStatus.FULFILLED, 2600, 0)

    paid = orders.record_payment(shop, STAFF, ref(before))

    assert (paid.status, paid.balance, paid.refundable) == (OrderStatus.FULFILLED, 0, 2600)
    assert_totals_hold(shop)


def test_an_imported_order_keeps_its_total_when_its_note_alone_is_edited(shop: Shop) -> None:
    imported(shop, order(total="26.01"))
    before = found(shop)
    same = orders.OrderDraft(before.customer_id, before.lines, shipping=500, tax=100, note="Ring twice")
    assert orders.edit_order(shop, STAFF, ref(before), same).total == 2601
