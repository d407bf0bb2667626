"""The columns of lists: chosen in the menu of the table, kept in the address and in saved views."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.addresses import Address
from backend.domain.fulfilments import Tracking
from backend.domain.suppression import SuppressionReason
from backend.domain.team import Role
from backend.domain.views import ListPage
from backend.services.context import Shop
from backend.services.customers.customers import get_customer
from backend.services.orders import orders
from backend.services.orders.fulfilments import fulfil_order
from backend.services.products import counting
from backend.services.statistics.overview import today_of
from backend.services.suppression.entries import suppress
from backend.services.views.saved import views_of
from pages.components.ui import formats
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import request
from tests.pages.reading import choose_columns, field, press, rows
from tests.support import ADMIN, STAFF, add_customer, draft, ref


def _shop_with_an_order(shop: Shop) -> str:
    customer = add_customer(shop, "Maria Lopez", "maria@example.com", country="ES", city="Sevilla", consent=True)
    address = Address("Maria", city="Sevilla", country="ES")
    placed = replace(draft(customer), shipping_address=address)
    order = orders.place_order(shop, STAFF, placed, orders.new_idempotency_key(shop)).order
    fulfil_order(shop, STAFF, ref(order), (1,), Tracking("DHL", "44110099"), "P1")
    return customer.id


def test_columns_are_chosen_kept_in_the_address_and_taken_back(dashboard: Dashboard) -> None:
    _shop_with_an_order(dashboard.shop)
    app = dashboard.open("customers.py", Role.STAFF)
    usual = list(rows(app)[0])
    app = choose_columns(app, "City", "Marketing", "First order", "Average order")
    (row,) = rows(app)
    today = formats.day(dashboard.shop, today_of(dashboard.shop))
    assert {name: row[name] for name in ("Customer", "City", "Marketing", "First order")} == {
        "Customer": "Maria Lopez", "City": "Sevilla", "Marketing": "Agreed", "First order": today,
    }  # fmt: skip
    assert list(row) == ["Customer", "City", "Marketing", "First order", "Average order"]
    names = ["name", "city", "consent", "first-order", "average"]
    assert app.session_state["customers_columns"] == names
    again = dashboard.open("customers.py", Role.STAFF, columns=[*names, "no such column"])
    assert list(rows(again)[0]) == list(row)
    app = choose_columns(app)
    assert list(rows(app)[0]) == usual


def test_orders_say_how_they_were_paid_and_sent(dashboard: Dashboard) -> None:
    _shop_with_an_order(dashboard.shop)
    app = choose_columns(
        dashboard.open("orders.py", Role.STAFF), "Email", "City", "Payment", "Fulfilment", "Tracking", "Items"
    )
    (row,) = rows(app)
    assert list(row.values())[1:] == ["maria@example.com", "Sevilla", "Paid", "Fulfilled", "44110099", "1"]


def test_a_view_keeps_the_columns(dashboard: Dashboard) -> None:
    _shop_with_an_order(dashboard.shop)
    app = choose_columns(dashboard.open("orders.py", Role.STAFF), "Tracking")
    app.session_state["views_orders"] = True
    app = app.run()
    field(app, "Name").set_value("Parcels").run()
    app = press(app, "Save this view")
    (view,) = views_of(dashboard.shop, dashboard.member(Role.STAFF).actor, ListPage.ORDERS)
    assert view.query == "columns=number&columns=tracking"


@pytest.mark.parametrize(
    ("page", "column", "said"),
    [
        ("products", "Revenue per unit", "$10.00"),
        ("messages", "Kind", "About their orders"),
        ("suppression", "Blocks", "All mail"),
        ("audit", "Username", ADMIN.username),
    ],
)
def test_every_list_has_columns_to_choose(dashboard: Dashboard, page: str, column: str, said: str) -> None:
    shop = dashboard.shop
    customer = get_customer(shop, _shop_with_an_order(shop))
    counting.count_sold(shop)
    request(shop, customer)
    suppress(shop, ADMIN, "a@example.com", reason=SuppressionReason.COMPLAINT)
    app = choose_columns(dashboard.open(f"{page}.py", Role.ADMIN), column)
    assert not app.exception
    assert {column: said} in [{name: row[name] for name in list(row)[1:]} for row in rows(app)]
