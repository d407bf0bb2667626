"""Imports keep postal addresses: both of an order, and a customer's default one."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from backend.domain.addresses import Address, KnownAddress
from backend.domain.orders import Order, OrderStatus
from backend.services.context import Shop
from backend.services.customers import addresses
from backend.services.customers.customers import find_by_email
from backend.services.imports import order_plan, steps
from backend.services.imports.customer_titles import guess_mapping
from backend.services.imports.customers import import_customers
from backend.services.imports.orders import import_orders
from backend.services.orders import orders
from backend.services.orders.lists import find_order
from tests.services.imports.shopify_csv import ORDER
from tests.support import STAFF, ref

SHIPPING = {
    "Shipping Name": "Maria Lopez",
    "Shipping Street": "Lindenstr. 5, Hof 2",
    "Shipping Address1": "Lindenstr. 5",
    "Shipping Address2": "Hof 2",
    "Shipping Company": "Ateliers & Co",
    "Shipping City": "Berlin",
    "Shipping Zip": "'10969",
    "Shipping Province": "BE",
    "Shipping Province Name": "Berlin",
    "Shipping Country": "DE",
    "Shipping Phone": "030 901820",
}
BILLING = {title.replace("Shipping", "Billing"): cell for title, cell in SHIPPING.items()}
BERLIN = Address("Maria Lopez", "Ateliers & Co", "Lindenstr. 5", "Hof 2", "Berlin", "10969", "BE", "DE", "+4930901820")


def file_of(folder: Path, *rows: dict[str, str]) -> Path:
    path = folder / "file.csv"
    with path.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(dict.fromkeys(title for row in rows for title in row)))
        writer.writeheader()
        writer.writerows(rows)
    return path


def found(shop: Shop, number: str = "#1001") -> Order:
    order = find_order(shop, number)
    assert order is not None
    return order


def test_an_order_keeps_both_addresses_and_the_customer_gets_one(shop: Shop, tmp_path: Path) -> None:
    elsewhere = BILLING | {"Billing Address1": "Am Markt 1", "Billing Phone": "call me"}
    result = import_orders(shop, STAFF, file_of(tmp_path, ORDER | SHIPPING | elsewhere), report=tmp_path / "report.csv")
    order = found(shop)
    assert order.shipping_address == BERLIN
    assert order.billing_address == replace(BERLIN, street="Am Markt 1", phone="")
    assert addresses.addresses_of(shop, order.customer_id).default == BERLIN
    assert result.repaired == 1
    assert "“call me” is not a phone number" in (tmp_path / "report.csv").read_text()


def test_the_same_address_is_kept_once(shop: Shop, tmp_path: Path) -> None:
    path = file_of(tmp_path, ORDER | SHIPPING | BILLING, ORDER | SHIPPING | BILLING | {"Name": "#1002"})
    import_orders(shop, STAFF, path)
    order = found(shop, "#1002")
    assert (order.billing_address, order.billed_to) == (None, BERLIN)
    assert len(addresses.addresses_of(shop, order.customer_id).entries) == 1
    assert import_orders(shop, STAFF, path).orders.unchanged == 2


def test_addresses_that_are_here_stay(shop: Shop, tmp_path: Path) -> None:
    import_orders(shop, STAFF, file_of(tmp_path, ORDER | SHIPPING))
    customer = found(shop).customer_id
    (entry,) = addresses.addresses_of(shop, customer).entries
    moved = KnownAddress(entry.id, replace(BERLIN, street="Am Markt 1"))
    addresses.save_address(shop, STAFF, customer, 1, moved)
    import_orders(shop, STAFF, file_of(tmp_path, ORDER | SHIPPING | {"Name": "#1002"}))
    assert addresses.addresses_of(shop, customer).entries == (moved,)


def test_what_was_imported_before_gets_its_addresses_and_keeps_what_was_changed_here(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(tmp_path, ORDER | SHIPPING)
    with monkeypatch.context() as before:
        of_today = steps.print_of
        before.setattr(
            "backend.services.imports.order_file.print_of",
            lambda it: steps.print_before(replace(it, shipping_address=None), order_plan._LATER),
        )
        import_orders(shop, STAFF, path)
        assert of_today is steps.print_of
    order = found(shop)
    sent = orders.change_status(shop, STAFF, ref(order), OrderStatus.FULFILLED)
    import_orders(shop, STAFF, path)
    assert found(shop).status is sent.status is OrderStatus.FULFILLED
    assert import_orders(shop, STAFF, path).orders.unchanged == 1


def test_a_table_of_customers_brings_the_default_address(shop: Shop, tmp_path: Path) -> None:
    row = {
        "First Name": "Maria",
        "Last Name": "Lopez",
        "Email": "maria@example.com",
        "Default Address Company": "Ateliers & Co",
        "Default Address Address1": "Lindenstr. 5",
        "Default Address Address2": "Hof 2",
        "Default Address City": "Berlin",
        "Default Address Province Code": "BE",
        "Default Address Country Code": "DE",
        "Default Address Zip": "'10969",
        "Phone": "030 901820",
    }
    path = file_of(tmp_path, row)
    mapping = guess_mapping(list(row))
    assert import_customers(shop, STAFF, path, mapping).counts.created == 1
    customer = find_by_email(shop, "maria@example.com")
    assert customer is not None
    assert addresses.addresses_of(shop, customer.id).default == BERLIN
    assert import_customers(shop, STAFF, path, mapping).counts.unchanged == 1
    moved = file_of(tmp_path, row | {"Default Address Address1": "Am Markt 1"})
    assert import_customers(shop, STAFF, moved, mapping).counts.updated == 1
    streets = [entry.address.street for entry in addresses.addresses_of(shop, customer.id).entries]
    assert streets == ["Am Markt 1", "Lindenstr. 5"]
