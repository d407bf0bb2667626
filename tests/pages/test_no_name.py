"""A customer without a name, in whose record the address stands in its place, is called "No name" on every page."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from backend.domain.customers import Customer
from backend.domain.orders import Order
from backend.domain.team import Role
from backend.services.customers import customers
from backend.services.customers.customers import Profile, get_customer
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import request
from tests.pages.reading import as_read, buttons, field, links, press, rows, said
from tests.support import MANAGER, add_customer, add_order

ADDRESS = "maria@example.com"


@pytest.fixture
def customer(dashboard: Dashboard) -> Customer:
    return add_customer(dashboard.shop, ADDRESS, ADDRESS)


@pytest.fixture
def order(dashboard: Dashboard, customer: Customer) -> Order:
    return add_order(dashboard.shop, customer, 5000)


@pytest.fixture
def tabs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles that pages give to the browser's tab."""
    given: list[str] = []

    def listen(**config: Any) -> None:
        given.append(config.get("page_title", ""))

    monkeypatch.setattr(st, "set_page_config", listen)
    return given


@pytest.mark.parametrize("page", ["customer.py", "place_order.py", "send.py", "messages.py", "message.py"])
def test_a_page_and_its_tab_say_so_and_show_the_address_beside_it(
    dashboard: Dashboard, customer: Customer, tabs: list[str], page: str
) -> None:
    message = request(dashboard.shop, customer)
    query = {"customer.py": {"id": customer.id}, "message.py": {"id": message.id}}.get(page, {"customer": customer.id})
    app = dashboard.open(page, Role.STAFF, **query)
    assert not app.exception
    assert "No name" in said(app) or "No name" in links(app)
    assert any("No name" in tab for tab in tabs)
    assert not any(ADDRESS in tab for tab in tabs)


def test_lists_say_so(dashboard: Dashboard, customer: Customer, order: Order) -> None:
    message = request(dashboard.shop, customer)
    orders, messages = dashboard.open("orders.py", Role.STAFF), dashboard.open("messages.py", Role.STAFF)
    assert [(row["Order"], row["Customer"]) for row in rows(orders)] == [(order.number, "No name")]
    assert links(messages)["No name"] == {"id": [message.id]}
    (row,) = rows(dashboard.open("customers.py", Role.STAFF))
    assert (row["Customer"], row["Email"]) == ("No name", ADDRESS)


def test_an_order_leads_to_them_and_is_refunded_to_this_customer(
    dashboard: Dashboard, customer: Customer, order: Order
) -> None:
    app = dashboard.open("order.py", Role.STAFF, customer=customer.id, id=order.id)
    assert links(app)["No name"] == {"id": [customer.id]}
    press(app, "Refund")
    assert "Refund $50.00 to this customer" in buttons(press(app, "Select all"))


def test_sentences_speak_of_this_customer(dashboard: Dashboard, customer: Customer) -> None:
    app = dashboard.open("send.py", Role.STAFF, template="verify-address", customer=customer.id)
    assert "**This customer** can get this email." in said(app)
    assert "to **this customer**" in said(press(app, "Send"))


def test_whoever_is_overtaken_is_not_told_the_address(dashboard: Dashboard, customer: Customer) -> None:
    app = press(dashboard.open("customer.py", Role.STAFF, id=customer.id), "Edit")
    theirs = Profile(ADDRESS, ADDRESS, city="Lyon")
    customers.edit_customer(dashboard.shop, MANAGER, customer.id, customer.version, theirs)
    field(app, "Phone").set_value("+43 660 1234567")
    press(app, "Save")
    assert as_read(app.error[0].value) == "Someone else has changed this customer."
    assert {"Keep my changes", "Reload and discard mine"} <= set(buttons(app))


def test_an_address_that_is_taken_by_them_belongs_to_another_customer(dashboard: Dashboard, customer: Customer) -> None:
    app = press(dashboard.open("customers.py", Role.STAFF), "Add customer")
    field(app, "Given name").set_value("Maria Lopez")
    field(app, "Email address").set_value(ADDRESS)
    app.button(key="add_customer_now").click().run()
    assert "This email address belongs to another customer already." in said(app)
    assert links(app)["Open this customer"] == {"id": [customer.id]}


def test_their_name_is_empty_in_the_form_and_stays_so(dashboard: Dashboard, customer: Customer) -> None:
    app = press(dashboard.open("customer.py", Role.STAFF, id=customer.id), "Edit")
    assert field(app, "Given name").value == ""
    field(app, "City").set_value("Lyon")
    press(app, "Save")
    after = get_customer(dashboard.shop, customer.id)
    assert (after.name, after.email, after.city) == ("", ADDRESS, "Lyon")
    assert "No name" in said(app)
