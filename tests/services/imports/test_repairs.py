"""An odd cell is put right and reported; it does not cost the order."""

from __future__ import annotations

import pytest

from backend.domain.customers import LISTED_TAGS, MOST_TAGS
from backend.domain.orders import Order, OrderStatus
from backend.services.context import Shop
from backend.services.customers.customers import get_customer
from backend.services.orders.lists import find_order
from backend.services.reconcile import reconcile
from backend.services.statistics import figures
from tests.services.imports.shopify_csv import faults, imported, line, order


def only(shop: Shop) -> Order:
    found = find_order(shop, "#1")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        ({"billing_city": "Cox\x92s Town"}, "Billing City"),
        ({"billing_name": "Maria\x07 Lopez"}, "Billing Name"),
        ({"billing_name": "Maria\tLopez"}, "Billing Name"),
        ({"billing_name": "Maria\u2028Lopez"}, "Billing Name"),
        ({"billing_name": "Maria\u202e"}, "Billing Name"),
        ({"billing_name": "x" * 256}, "Billing Name"),
        ({"lineitem_name": "x" * 301}, "Lineitem name"),
        ({"lineitem_sku": "A\u200e1"}, "Lineitem sku"),
        ({"discount_code": "A\nB"}, "Discount Code"),
        ({"notes": "first\x00"}, "Notes"),
        ({"notes": "x" * 5001}, "Notes"),
        ({"tags": ",".join(f"tag {n}" for n in range(250))}, "Tags"),
        ({"tags": "x" * 60}, "Tags"),
        ({"tags": "a\x85b"}, "Tags"),
        ({"phone": "+49\x0030 1234"}, "Phone"),
        ({"email": "maria..lopez@example.com"}, "Email"),
        ({"email": "a" * 400 + "@example.com"}, "Email"),
        ({"billing_country": "Atlantis"}, "Billing Country"),
        ({"accepts_marketing": "maybe"}, "Accepts Marketing"),
        ({"fulfillment_status": "teleported"}, "Fulfillment Status"),
        ({"cancelled_at": "yesterday"}, "Cancelled at"),
        ({"subtotal": ""}, "Subtotal"),
        ({"subtotal": "#REF!"}, "Subtotal"),
        ({"shipping": "free"}, "Shipping"),
        ({"taxes": "-"}, "Taxes"),
        ({"shipping": "-5.00"}, "Shipping"),
        ({"currency": ""}, "Currency"),
        ({"total": "26.00 €"}, "Total"),
        ({"total": "25.996"}, "Total"),
        ({"financial_status": "bartered"}, "Financial Status"),
        ({"financial_status": ""}, "Financial Status"),
        ({"created_at": "", "paid_at": "2026-03-02 10:00:00 +0000"}, "Created at"),
        ({"lineitem_name": ""}, "Lineitem name"),
        ({"lineitem_quantity": ""}, "Lineitem quantity"),
        ({"lineitem_quantity": "two"}, "Lineitem quantity"),
        ({"lineitem_price": ""}, "Lineitem price"),
        ({"lineitem_price": "$10.005"}, "Lineitem price"),
        ({"lineitem_name": "", "lineitem_price": "", "lineitem_quantity": ""}, "Lineitem name"),
    ],
)
def test_an_order_with_an_odd_cell_comes_in_and_the_report_calls_it_repaired(
    shop: Shop, changed: dict[str, str], column: str
) -> None:
    result = imported(shop, order("#1", **changed))

    assert (result.orders.created, result.orders.failed, only(shop).total) == (1, 0, 2600)
    assert {(row["Order"], row["Line"], row["Column"], row["Outcome"]) for row in faults(result)} == {
        ("#1", "2", column, "repaired")
    }
    assert result.repaired == len(faults(result))


@pytest.mark.parametrize(
    ("changed", "name", "city", "note"),
    [
        ({"billing_city": "Cox\x92s Town"}, "Maria Lopez", "Cox\u2019s Town", ""),
        ({"billing_name": "Maria\r\nLopez"}, "Maria Lopez", "Berlin", ""),
        ({"notes": "one\n\rtwo\u2028three"}, "Maria Lopez", "Berlin", "one\n\ntwo\nthree"),
        ({"billing_name": "\u202aZoë\u202c"}, "Zoë", "Berlin", ""),
        ({"billing_name": "x" * 255, "notes": "y" * 5000}, "x" * 255, "Berlin", "y" * 5000),
    ],
)
def test_what_was_meant_stays(shop: Shop, changed: dict[str, str], name: str, city: str, note: str) -> None:
    imported(shop, order("#1", **changed))
    found = only(shop)
    assert (found.customer_name, get_customer(shop, found.customer_id).city, found.note) == (name, city, note)


def test_of_many_tags_a_customer_gets_as_many_as_can_be_kept(shop: Shop) -> None:
    result = imported(shop, order("#1", tags=", ".join(f"tag {n}" for n in range(MOST_TAGS + 1))))
    assert get_customer(shop, only(shop).customer_id).tags == tuple(f"tag {n}" for n in range(MOST_TAGS))
    assert "the other 1 were left out" in faults(result)[0]["Reason"]
    assert f"the first {LISTED_TAGS}; segments know all." in faults(result)[1]["Reason"]
    assert len(figures.counts_of(shop, "tag")) == LISTED_TAGS
    assert not reconcile(shop).drift


def test_a_repair_in_a_further_row_names_its_own_line(shop: Shop) -> None:
    result = imported(shop, order("#1"), line("#1", lineitem_name="Tea\x07pot"))
    assert [(row["Line"], row["Column"]) for row in faults(result)] == [("3", "Lineitem name")]


def test_an_order_whose_day_of_cancelling_cannot_be_read_is_cancelled(shop: Shop) -> None:
    imported(shop, order("#1", cancelled_at="yesterday"))
    assert only(shop).status is OrderStatus.CANCELLED


def test_the_same_file_again_is_unchanged_and_repairs_nothing(shop: Shop) -> None:
    rows = order("#1", billing_city="Cox\x92s Town"), order("#2", email="n/a", phone="(202) 555-0123")
    imported(shop, *rows)
    again = imported(shop, *rows)
    assert (again.orders.unchanged, again.repaired, again.report) == (2, 0, None)


@pytest.mark.parametrize("year", ["1990", "1999"])
def test_orders_of_the_nineties_come_in(shop: Shop, year: str) -> None:
    assert imported(shop, order("#1", created_at=f"{year}-03-02 10:00:00 +0000")).orders.created == 1


def test_a_line_that_was_removed_from_the_order_is_left_away(shop: Shop) -> None:
    removed = line("#1", lineitem_quantity="0", lineitem_name="Kettle")

    result = imported(shop, order("#1"), removed)

    assert ([each.title for each in only(shop).lines], only(shop).total) == (["Assam tea"], 2600)
    assert [(row["Line"], row["Column"], row["Outcome"]) for row in faults(result)] == [
        ("3", "Lineitem quantity", "repaired")
    ]


def test_an_order_whose_only_line_was_removed_keeps_its_total(shop: Shop) -> None:
    result = imported(shop, order("#1", lineitem_quantity="0", subtotal="0.00"))

    assert result.orders.created == 1
    assert [(each.title, each.quantity, each.amount) for each in only(shop).lines] == [("Assam tea", 1, 0)]
    assert only(shop).total == 2600


@pytest.mark.parametrize(
    ("cells", "title", "quantity", "price"),
    [
        ({"lineitem_name": ""}, "TEA-1", 2, 1000),
        ({"lineitem_name": "", "lineitem_sku": ""}, "Item without a name", 2, 1000),
        ({"lineitem_quantity": ""}, "Assam tea", 1, 1000),
        ({"lineitem_quantity": "2 pcs"}, "Assam tea", 2, 1000),
        ({"lineitem_quantity": "1.5"}, "Assam tea", 1, 1500),
        ({"lineitem_quantity": "1,000"}, "Assam tea", 1000, 1000),
        ({"lineitem_quantity": "2.000"}, "Assam tea", 2, 1000),
        ({"lineitem_quantity": "200000", "lineitem_price": "0.10"}, "Assam tea", 1, 2_000_000),
        ({"lineitem_price": ""}, "Assam tea", 2, 0),
        ({"lineitem_price": "'10.00"}, "Assam tea", 2, 1000),
        ({"lineitem_price": "USD 10.00"}, "Assam tea", 2, 1000),
        (
            {"lineitem_name": "", "lineitem_price": "", "lineitem_quantity": ""},
            "Order without line items",
            1,
            0,
        ),
    ],
)
def test_a_line_that_lacks_something_is_kept(
    shop: Shop, cells: dict[str, str], title: str, quantity: int, price: int
) -> None:
    imported(shop, order("#1", **cells))
    assert [(each.title, each.quantity, each.unit_price) for each in only(shop).lines] == [(title, quantity, price)]
    assert only(shop).total == 2600


def test_a_quantity_that_can_be_read_as_two_is_reported(shop: Shop) -> None:
    whole = {"subtotal": "20", "shipping": "5", "taxes": "1", "total": "26", "lineitem_price": "10"}
    amounts = whole | {"discount_amount": "", "refunded_amount": ""}
    result = imported(shop, order("#1", lineitem_quantity="1,000", **amounts))
    assert "can be read as 1 or as 1000" in faults(result)[0]["Reason"]


@pytest.mark.parametrize(
    ("quantity", "price", "written"),
    [
        ("1", "$-6.00", "0.00"),
        ("1", "($6.00)", "0.00"),
        ("1", "6.00-", "0.00"),
        ("1", "-6.00", "0.00"),
        ("1", "\u22126.00", "0.00"),
        ("1", "(6.00)", "0.00"),
        ("-2", "3.00", "0.00"),
        ("1", "-6.00", "6.00"),
        ("1", "-6.00", "-6.00"),
    ],
)
def test_a_line_below_zero_is_a_discount_once(shop: Shop, quantity: str, price: str, written: str) -> None:
    off = line("#1", lineitem_quantity=quantity, lineitem_name="Voucher", lineitem_price=price)

    result = imported(shop, order("#1", subtotal="14.00", total="20.00", discount_amount=written), off)

    found = only(shop)
    assert [each.title for each in found.lines] == ["Assam tea"]
    assert (found.discount, found.subtotal, found.total, found.other) == (600, 1400, 2000, 0)
    assert [row["Outcome"] for row in faults(result)] == ["repaired"]


def test_a_total_below_zero_is_money_that_was_given_back(shop: Shop) -> None:
    back = line("#1", lineitem_name="Returned kettle", lineitem_price="-50.00")

    result = imported(shop, order("#1", subtotal="-30.00", shipping="0", taxes="0", total="-30.00"), back)

    found = only(shop)
    assert (result.orders.created, found.total, found.refunded, found.subtotal) == (1, 0, 3000, 0)
    assert {row["Column"] for row in faults(result)} == {"Subtotal", "Total", "Lineitem price"}


def test_an_order_of_nothing_comes_in(shop: Shop) -> None:
    result = imported(shop, order("#1", subtotal="0.00", shipping="0.00", taxes="0.00", total="0.00"))

    assert (result.orders.created, result.repaired, only(shop).total) == (1, 0, 0)
