"""The pages of products, and where other pages show them."""

from __future__ import annotations

import pytest
import streamlit as st

from backend.domain.customers import Customer
from backend.domain.orders import LineItem, Order
from backend.domain.products import Product
from backend.domain.team import Role
from backend.services.orders import orders
from backend.services.products import catalogue, counting
from backend.services.products.catalogue import ProductDraft
from backend.services.snapshots.build import make_first
from backend.services.statistics.overview import today_of
from pages.components.ui import formats
from tests.pages.dashboard import Dashboard
from tests.pages.reading import buttons, field, figures, press, rows, said, sort
from tests.support import STAFF, add_customer, draft


@pytest.fixture
def maria(dashboard: Dashboard) -> Customer:
    return add_customer(dashboard.shop, "Maria Lopez", "maria@example.com")


def sell(dashboard: Dashboard, customer: Customer, *lines: LineItem) -> Order:
    wanted = draft(customer, lines=lines)
    order = orders.place_order(dashboard.shop, STAFF, wanted, orders.new_idempotency_key(dashboard.shop)).order
    while counting.count_sold(dashboard.shop).entries:
        pass
    return order


def product(dashboard: Dashboard, name: str) -> Product:
    return next(each for each in catalogue.all_products(dashboard.shop) if each.name == name)


def test_an_empty_list_says_where_products_come_from(dashboard: Dashboard) -> None:
    app = dashboard.open("products.py", Role.STAFF)
    assert not app.exception
    assert "No products yet" in said(app)


def test_a_product_is_added_and_its_page_opens(dashboard: Dashboard) -> None:
    app = press(dashboard.open("products.py", Role.STAFF), "Add product")
    field(app, "Title").set_value("Assam").run()
    field(app, "Price in USD").set_value("9.90").run()
    next(button for button in app.button if button.key == "add_product_now").click().run()
    assert product(dashboard, "Assam").price == 990


def test_a_product_shows_what_was_sold_and_who_bought_it(dashboard: Dashboard, maria: Customer) -> None:
    sell(dashboard, maria, LineItem("Assam", 2, 1000, "TEA-1"), LineItem("Teapot", 1, 4500))
    make_first(dashboard.shop)
    tea, today = product(dashboard, "Assam"), formats.day(dashboard.shop, today_of(dashboard.shop))
    brief = formats.short_day(dashboard.shop, today_of(dashboard.shop))
    app = dashboard.open("product.py", Role.STAFF, id=tea.id)
    assert not app.exception
    assert figures(app) == {"Revenue": "$20.00", "Units sold": "2", "Price": "$10.00", "Last sold": brief}
    (buyer,) = rows(app)
    assert (buyer["Customer"], buyer["Last bought"], buyer["Times"]) == ("Maria Lopez", today, "1")


def test_the_best_of_a_period_are_listed_and_found_by_sku(dashboard: Dashboard, maria: Customer) -> None:
    sell(dashboard, maria, LineItem("Assam", 2, 1000, "TEA-1"), LineItem("Teapot", 1, 4500))
    app = dashboard.open("products.py", Role.MANAGER)
    assert [(row["Product"], row["Units"], row["Revenue"]) for row in rows(app)] == [
        ("Teapot", "1", "$45.00"),
        ("Assam", "2", "$20.00"),
    ]
    sort(app, "Units", "units")
    assert [row["Product"] for row in rows(app)] == ["Assam", "Teapot"]
    field(app, "Search").set_value("tea-1").run()
    assert [row["Product"] for row in rows(app)] == ["Assam"]


def test_what_a_customer_bought_and_what_sells_best_are_on_other_pages(dashboard: Dashboard, maria: Customer) -> None:
    sell(dashboard, maria, LineItem("Assam", 2, 1000, "TEA-1"), LineItem("Teapot", 1, 4500))
    of_maria = rows(dashboard.open("customer.py", Role.STAFF, id=maria.id), "What the customer bought")
    assert [(row["Product"], row["Units"], row["Paid"]) for row in of_maria] == [
        ("Teapot", "1", "$45.00"),
        ("Assam", "2", "$20.00"),
    ]
    best = rows(dashboard.open("overview.py", Role.MANAGER), "Products")
    assert [row["Product"] for row in best] == ["1. Teapot", "2. Assam"]


def test_a_product_is_archived_and_restored(dashboard: Dashboard, maria: Customer) -> None:
    sell(dashboard, maria, LineItem("Assam", 2, 1000, "TEA-1"))
    tea = product(dashboard, "Assam")
    app = press(dashboard.open("product.py", Role.STAFF, id=tea.id), "Archive")
    assert catalogue.get_product(dashboard.shop, tea.id).archived
    press(app, "Restore")
    assert not catalogue.get_product(dashboard.shop, tea.id).archived


def test_somebody_elses_change_is_said_and_not_overwritten(dashboard: Dashboard) -> None:
    tea = catalogue.create_product(dashboard.shop, STAFF, ProductDraft("Assam"))
    app = press(dashboard.open("product.py", Role.STAFF, id=tea.id), "Edit")
    catalogue.edit_product(dashboard.shop, STAFF, tea.id, 1, ProductDraft("Assam", price=500))
    field(app, "SKU").set_value("TEA-1").run()
    press(app, "Save")
    assert "Someone else has changed this product" in said(app)
    press(app, "Keep my changes")
    press(app, "Save")
    now = catalogue.get_product(dashboard.shop, tea.id)
    assert (now.sku, now.price) == ("TEA-1", 500)


def test_an_engineer_looks_and_changes_nothing(dashboard: Dashboard, maria: Customer) -> None:
    sell(dashboard, maria, LineItem("Assam", 2, 1000, "TEA-1"))
    assert "Add product" not in buttons(dashboard.open("products.py", Role.ENGINEER))
    app = dashboard.open("product.py", Role.ENGINEER, id=product(dashboard, "Assam").id)
    assert not {"Edit", "Archive"} & set(buttons(app))


def test_a_product_that_does_not_exist_leads_back(dashboard: Dashboard) -> None:
    app = dashboard.open("product.py", Role.STAFF, id="NOBODY")
    assert "This product does not exist" in said(app)


@pytest.mark.parametrize("page", ["products.py", "overview.py"])
def test_the_figures_say_that_orders_are_still_being_counted(dashboard: Dashboard, maria: Customer, page: str) -> None:
    sell(dashboard, maria, LineItem("Assam", 2, 1000, "TEA-1"))
    assert "still being added" not in said(dashboard.open(page, Role.MANAGER))
    wanted = draft(maria, lines=[LineItem("Assam", 1, 1000, "TEA-1")])
    orders.place_order(dashboard.shop, STAFF, wanted, orders.new_idempotency_key(dashboard.shop))
    st.cache_data.clear()
    assert "still being added" in said(dashboard.open(page, Role.MANAGER))
