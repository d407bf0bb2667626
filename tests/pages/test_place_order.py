"""Placing an order by hand as people do it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.customers import Customer
from backend.domain.orders import OrderStatus, OrderSummary
from backend.domain.team import Role
from backend.errors import StoreUnreachableError
from backend.services.customers.customers import archive_customer
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.orders.lists import orders_of
from backend.services.orders.orders import get_order
from backend.services.products.catalogue import ProductDraft, create_product
from pages.components.orders import place_order_form
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, figures, links, press, said
from tests.support import STAFF, add_customer


@pytest.fixture
def maria(dashboard: Dashboard) -> Customer:
    return add_customer(dashboard.shop, "Maria Lopez", "maria@example.com")


def form_for(dashboard: Dashboard, customer: Customer) -> AppTest:
    return dashboard.open("place_order.py", Role.STAFF, customer=customer.id)


def placed(dashboard: Dashboard, customer: Customer) -> list[OrderSummary]:
    return orders_of(dashboard.shop, customer.id).orders


def fill(app: AppTest, title: str = "Mug", price: str = "12.50") -> AppTest:
    field(app, "Product").set_value(title)
    return field(app, "Price in USD").set_value(price).run()


def test_a_customer_is_found_by_typing_and_chosen_by_a_click(dashboard: Dashboard, maria: Customer) -> None:
    app = dashboard.open("place_order.py", Role.STAFF)
    field(app, "Customer").set_value("mar").run()
    press(app, "Maria Lopez maria@example.com")
    assert app.query_params["customer"] in (maria.id, [maria.id])
    press(app, "Change")
    assert field(app, "Customer").value == ""


def test_a_customer_who_does_not_exist_leads_back_to_the_choice(dashboard: Dashboard) -> None:
    app = dashboard.open("place_order.py", Role.STAFF, customer="NOBODY")
    assert not app.exception
    assert "This customer does not exist" in said(app)
    field(app, "Customer").set_value("zzz").run()
    assert "No match" in said(app)


def test_the_total_follows_what_is_typed_and_says_what_is_missing(dashboard: Dashboard, maria: Customer) -> None:
    app = form_for(dashboard, maria)
    assert figures(app) == {"Total": "$0.00"}
    field(app, "Product").set_value("Mug").run()
    assert "The price of “Mug” is missing." in said(app)
    press(app, "Place order")
    assert said(app).count("The price of “Mug” is missing.") == 2  # also beside the button
    assert placed(dashboard, maria) == []
    field(app, "Price in USD").set_value("12.50").run()
    app.number_input[0].set_value(3).run()
    field(app, "Discount in USD").set_value("2").run()
    field(app, "Shipping in USD").set_value("4.90").run()
    assert figures(app) == {"Total": "$40.40"}
    assert "Place order" in buttons(app)


def test_lines_can_be_added_and_taken_away(dashboard: Dashboard, maria: Customer) -> None:
    app = fill(form_for(dashboard, maria))
    press(app, "Add another line")
    titles = [each for each in app.text_input if each.label == "Product"]
    prices = [each for each in app.text_input if each.label == "Price in USD"]
    titles[1].set_value("Tea towel")
    prices[1].set_value("9").run()
    assert figures(app) == {"Total": "$21.50"}
    next(button for button in app.button if button.key and button.key.endswith("_0_remove")).click().run()
    assert figures(app) == {"Total": "$9.00"}


def test_a_placed_order_is_confirmed_with_a_way_to_it(dashboard: Dashboard, maria: Customer) -> None:
    app = press(fill(form_for(dashboard, maria)), "Place order")
    (order,) = placed(dashboard, maria)
    assert (order.total, order.status) == (1250, OrderStatus.PENDING)
    assert f"Order **{order.number}** of **Maria Lopez** for **$12.50** was placed." in said(app)
    assert links(app)["Open this order"] == {"customer": [maria.id], "id": [order.id]}
    press(app, "Place another order")
    assert app.text_input[0].label == "Customer"


def test_the_form_is_empty_after_an_order_was_placed(dashboard: Dashboard, maria: Customer) -> None:
    app = fill(form_for(dashboard, maria))
    field(app, "Note").set_value("Ring twice").run()
    press(app, "Place order")
    press(app, "Place another order")
    app.query_params["customer"] = maria.id
    app.run()
    assert field(app, "Product").value == field(app, "Note").value == ""


def test_a_click_that_is_repeated_after_a_lost_answer_finds_the_first_order(
    dashboard: Dashboard, maria: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = fill(form_for(dashboard, maria))
    really = place_order_form.orders.place_order

    def answer_lost(*args: object) -> None:
        really(*args)  # type: ignore[arg-type]
        raise StoreUnreachableError("The store did not answer.")

    monkeypatch.setattr(place_order_form.orders, "place_order", answer_lost)
    press(app, "Place order")
    assert "The store did not answer." in said(app)
    monkeypatch.setattr(place_order_form.orders, "place_order", really)
    press(app, "Place order")
    assert len(placed(dashboard, maria)) == 1
    assert "The button was clicked twice; the order was placed once." in said(app)


def test_what_the_service_refuses_is_reported_beside_the_button_and_nothing_is_lost(
    dashboard: Dashboard, maria: Customer
) -> None:
    app = fill(form_for(dashboard, maria))
    field(app, "Discount in USD").set_value("20").run()
    press(app, "Place order")
    assert "The discount is larger than the sum of the line items." in said(app)
    assert field(app, "Product").value == "Mug"
    assert placed(dashboard, maria) == []


def test_an_archived_customer_must_be_restored_first(dashboard: Dashboard, maria: Customer) -> None:
    archive_customer(dashboard.shop, STAFF, maria.id, maria.version)
    app = press(fill(form_for(dashboard, maria)), "Place order")
    assert "This customer is archived. Restore the customer first." in said(app)


def test_an_order_can_be_placed_as_paid_with_a_note(dashboard: Dashboard, maria: Customer) -> None:
    app = fill(form_for(dashboard, maria))
    app.segmented_control[0].set_value(OrderStatus.PAID)
    field(app, "Note").set_value("Ring twice").run()
    press(app, "Place order")
    (order,) = placed(dashboard, maria)
    assert order.status is OrderStatus.PAID
    assert get_order(dashboard.shop, maria.id, order.id).note == "Ring twice"


def test_known_products_are_picked_with_their_prices_and_again_for_another_unit(
    dashboard: Dashboard, maria: Customer
) -> None:
    tea = create_product(dashboard.shop, STAFF, ProductDraft("Assam", "TEA-1", price=990))
    pot = create_product(dashboard.shop, STAFF, ProductDraft("Teapot", "POT-1", "Red", price=4500))
    app = form_for(dashboard, maria)
    picker = app.selectbox[0]
    assert picker.options == ["Assam · TEA-1 · $9.90", "Teapot - Red · POT-1 · $45.00"]
    for product in (tea, pot, tea):
        app.selectbox[0].set_value(product.id).run()
    assert app.selectbox[0].value is None
    assert figures(app) == {"Total": "$64.80"}
    field(app, "Discount in USD").set_value("10%").run()
    assert figures(app) == {"Total": "$58.32"}
    press(app, "Place order")
    (summary,) = placed(dashboard, maria)
    order = get_order(dashboard.shop, maria.id, summary.id)
    assert [(line.title, line.sku, line.quantity) for line in order.lines] == [
        ("Assam", "TEA-1", 2),
        ("Teapot - Red", "POT-1", 1),
    ]
    assert order.discount == 648


def test_a_customer_is_added_on_the_spot_and_what_was_typed_stays(dashboard: Dashboard, maria: Customer) -> None:
    app = fill(form_for(dashboard, maria))
    press(app, "Change")
    press(app, "New customer")
    field(app, "Given name").set_value("Tom")
    field(app, "Family name").set_value("Brown").run()
    press(app, "Add customer")
    assert "Tom Brown" in said(app)
    assert (field(app, "Product").value, figures(app)) == ("Mug", {"Total": "$12.50"})
    press(app, "Place order")
    (tom,) = list_customers(dashboard.shop, CustomerFilter("Tom", sort=Sort.NEWEST)).customers
    assert [order.total for order in orders_of(dashboard.shop, tom.id).orders] == [1250]


@pytest.mark.parametrize("name", MARKUP)
def test_markup_is_shown_as_text(dashboard: Dashboard, name: str) -> None:
    customer = add_customer(dashboard.shop, name, "")
    app = fill(form_for(dashboard, customer), title=name, price="")
    assert name in said(app)
    field(app, "Price in USD").set_value("1").run()
    press(app, "Place order")
    assert f"of **{name}** for" in said(app)
