"""Who placed an order: by address, by the source's id, by phone. Money is never lost for an address."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.domain.customers import Customer
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email, get_customer
from backend.services.imports import import_orders
from backend.services.orders.lists import find_order
from backend.services.statistics.figures import totals_by_day, totals_of
from tests.recount import assert_totals_hold
from tests.services.imports.shopify_csv import HEADER, faults, imported, order, text_of, written
from tests.support import STAFF, TestClock, opened_shop

NOBODY = {"email": "", "accepts_marketing": "no"}


def owner(shop: Shop, number: str) -> Customer:
    found = find_order(shop, number)
    assert found is not None
    return get_customer(shop, found.customer_id)


@pytest.mark.parametrize("address", ["n/a", "None", "-", "maria..lopez@example.com", "maria.@example.com", "maria@"])
def test_an_order_counts_whatever_its_address_is(shop: Shop, address: str) -> None:
    result = imported(shop, order("#1", email=address), order("#2"))
    assert result.orders.created == 2
    assert owner(shop, "#1").email is None
    assert owner(shop, "#1").id != owner(shop, "#2").id
    assert_totals_hold(shop)


def test_a_file_without_a_column_of_addresses_is_an_order_export(shop: Shop) -> None:
    text = text_of([order("#1"), order("#2")], header=[title for title in HEADER if title != "Email"])
    assert import_orders(shop, STAFF, written(shop.data_dir, text)).orders.created == 2


def test_the_same_phone_is_the_same_person_however_it_is_written(clock: TestClock, tmp_path: Path) -> None:
    with opened_shop(clock=clock, zone="Asia/Dhaka", data_dir=tmp_path) as shop:
        numbers = ["'+8801555010001", "+880 1555-010001", "01555010001", "8.801555010001E+12"]
        rows = [order(f"#{n}", phone=phone, billing_country="", **NOBODY) for n, phone in enumerate(numbers)]
        imported(shop, *rows[:2])
        result = imported(shop, *rows)

        assert (result.orders.created, result.customers.created) == (2, 0)
        assert owner(shop, "#0").orders == 4
        days = totals_by_day(shop, clock().date().replace(month=1), clock().date())
        assert totals_of(days).new_customers == 1
        assert_totals_hold(shop)


def test_a_number_without_a_country_code_is_one_of_the_orders_country(shop: Shop) -> None:
    imported(shop, order("#1", phone="030 123456", **NOBODY), order("#2", phone="+49 30 123456", **NOBODY))
    assert owner(shop, "#1").orders == 2


@pytest.mark.parametrize("phone", ["", "0000000000", "n/a", "1234567890", "4.93012E+11"])
def test_what_is_no_phone_number_makes_nobody_the_same(shop: Shop, phone: str) -> None:
    imported(shop, order("#1", phone=phone, **NOBODY), order("#2", phone=phone, **NOBODY))
    assert owner(shop, "#1").id != owner(shop, "#2").id


def test_the_same_refused_address_is_the_same_person(shop: Shop) -> None:
    imported(shop, order("#1", email="maria..lopez@example.com"))
    imported(shop, order("#2", email="Maria..Lopez@example.com"))
    assert owner(shop, "#1").orders == 2


def test_an_order_without_an_address_is_that_of_the_customer_with_its_phone(shop: Shop) -> None:
    imported(shop, order("#1", phone="+1 202 555 0123"), order("#2", phone="+12025550123", **NOBODY))
    assert owner(shop, "#2").email == "maria@example.com"


def test_two_addresses_with_one_phone_are_two_people(shop: Shop) -> None:
    imported(shop, order("#1", phone="+12025550123"), order("#2", email="otto@example.com", phone="+12025550123"))
    assert owner(shop, "#1").id != owner(shop, "#2").id


@pytest.mark.parametrize("at_once", [True, False])
def test_an_address_that_comes_later_becomes_that_of_the_person_with_the_phone(shop: Shop, at_once: bool) -> None:
    phone = "+12025550123"
    first = order("#1", phone=phone, created_at="2026-05-02 10:00:00 +0000", **NOBODY)
    second = order("#2", phone=phone, created_at="2026-03-02 10:00:00 +0000")
    third = order("#3", created_at="2026-04-02 10:00:00 +0000")
    for rows in ([first, second, third],) if at_once else ([first], [second], [third]):
        result = imported(shop, *rows)
        assert result.orders.failed == 0

    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert (customer.id, customer.orders, customer.revenue) == (owner(shop, "#1").id, 3, 7800)
    assert customer.consent is not None
    assert customer.consent.given
    assert_totals_hold(shop)


def test_the_sources_own_id_is_the_same_person_with_another_address(shop: Shop) -> None:
    header = [*HEADER, "Customer ID"]
    rows = [
        order("#1", email="") | {"Customer ID": "6543210987"},
        order("#2", email="") | {"Customer ID": "6543210987"},
        order("#3", email="new@example.com") | {"Customer ID": "6543210987"},
        order("#4", email="") | {"Customer ID": "6543210988"},
    ]
    result = import_orders(shop, STAFF, written(shop.data_dir, text_of(rows, header=header)))

    assert (result.customers.created, faults(result)) == (2, [])
    assert (owner(shop, "#1").orders, owner(shop, "#4").orders) == (3, 1)
    assert_totals_hold(shop)
