"""A customer's postal addresses, and the copy that an order keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.addresses import Address, KnownAddress
from backend.errors import ConflictError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.customers import addresses, customers
from backend.services.orders import orders
from backend.services.reconcile import reconcile
from tests.support import ENGINEER, STAFF, add_customer, add_order, draft

HOME = Address("Maria Lopez", "", "Lindenstr. 5", "", "Berlin", "10969", "", "DE", "+4930901820")
WORK = replace(HOME, company="Ateliers & Co", street="Am Markt 1")


def test_addresses_are_added_changed_and_removed(shop: Shop) -> None:
    maria = add_customer(shop)
    home, work = KnownAddress("HOME", HOME), KnownAddress("WORK", WORK)
    book = addresses.save_address(shop, STAFF, maria.id, 0, home)
    assert addresses.save_address(shop, STAFF, maria.id, 0, home) == book  # the second click
    book = addresses.save_address(shop, STAFF, maria.id, book.version, work)
    assert book.default == HOME
    book = addresses.make_default(shop, STAFF, maria.id, book.version, "WORK")
    assert addresses.addresses_of(shop, maria.id) == book
    assert book.default == WORK
    book = addresses.remove_address(shop, STAFF, maria.id, book.version, "WORK")
    assert [entry.address for entry in book.entries] == [HOME]


def test_the_activity_says_that_an_address_changed_and_not_which(shop: Shop) -> None:
    maria = add_customer(shop)
    addresses.save_address(shop, STAFF, maria.id, 0, KnownAddress("HOME", HOME))
    assert {entry.text for entry in customers.activity_of(shop, maria.id)} == {"", "postal address"}


def test_the_second_of_two_people_is_warned(shop: Shop) -> None:
    maria = add_customer(shop)
    addresses.save_address(shop, STAFF, maria.id, 0, KnownAddress("HOME", HOME))
    with pytest.raises(ConflictError):
        addresses.save_address(shop, STAFF, maria.id, 0, KnownAddress("WORK", WORK))
    with pytest.raises(PermissionDeniedError):
        addresses.remove_address(shop, ENGINEER, maria.id, 1, "HOME")


def test_an_order_keeps_the_default_address_as_it_was(shop: Shop) -> None:
    maria = add_customer(shop)
    assert add_order(shop, maria).shipping_address is None
    book = addresses.save_address(shop, STAFF, maria.id, 0, KnownAddress("HOME", HOME))
    order = add_order(shop, maria)
    addresses.save_address(shop, STAFF, maria.id, book.version, KnownAddress("HOME", WORK))
    kept = orders.get_order(shop, maria.id, order.id)
    assert (kept.shipping_address, kept.billed_to) == (HOME, HOME)
    elsewhere = replace(draft(maria), shipping_address=replace(HOME, phone="030 901820"))
    placed = orders.place_order(shop, STAFF, elsewhere, orders.new_idempotency_key(shop)).order
    assert placed.shipping_address == HOME
    assert reconcile(shop, pause=lambda _: None).drift == []
