"""Whoever types and clicks at once loses nothing: no form needs its field to be left first, at a desk or on a phone."""

from __future__ import annotations

import re
from typing import Any

import pytest

from backend.services.context import Shop
from backend.services.customers.customers import find_by_email, get_customer
from backend.services.orders.lists import orders_of
from backend.services.orders.orders import get_order
from backend.services.segments.library import list_segments
from backend.services.shop_settings import get_shop_facts
from tests.browser.people import Person
from tests.support import ADMIN, add_customer, add_order

pytestmark = pytest.mark.browser


def clicked(somebody: Person, label: str) -> Person:
    """Clicks without waiting for anything that the page still does."""
    somebody.page.get_by_role("button", name=label, exact=True).last.click()
    return somebody


def test_an_order_keeps_the_shipping_that_was_typed_last(staff: Person, shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez")
    staff.sign_in(f"/place_order?customer={customer.id}").sees_title("Place an order").settled()
    staff.fills(Product="Mug", Price_in="12.50", Shipping_in="4.90")
    clicked(staff, "Place order").sees("was placed.")
    (order,) = orders_of(shop, customer.id).orders
    assert order.total == 1740


def test_what_is_missing_is_said_beside_the_button_and_links_keep_what_was_typed(staff: Person, shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez")
    path = f"/place_order?customer={customer.id}"
    staff.sign_in(path).sees_title("Place an order").settled()
    staff.fills(Product="Mug")
    clicked(staff, "Place order").settled()
    staff.main.get_by_test_id("stAlert").get_by_text("The price of “Mug” is missing.").wait_for()
    assert staff.page.get_by_role("textbox", name="Product", exact=True).input_value() == "Mug"
    assert orders_of(shop, customer.id).orders == []


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_a_partial_refund_is_what_was_typed(staff: Person, shop: Shop, how: str) -> None:
    order = add_order(shop, add_customer(shop, "Jonas Weber"), 5000)
    staff.sign_in(f"/order?customer={order.customer_id}&id={order.id}").sees_title(f"Order {order.number}").settled()
    staff.presses("Refund").settled()
    staff.fills(Reason="Chipped", Amount_in="12.50")
    if how == "click":
        clicked(staff, "Refund the amount above to Jonas Weber")
    else:
        staff.page.get_by_label(re.compile("^Amount in")).press("Enter")
    staff.sees("Refunded $12.50: Chipped")
    assert get_order(shop, order.customer_id, order.id).refunded == 1250


def test_an_edited_order_keeps_the_tax_that_was_typed_last(staff: Person, shop: Shop) -> None:
    order = add_order(shop, add_customer(shop, "Jonas Weber"), 5000)
    staff.sign_in(f"/order?customer={order.customer_id}&id={order.id}").sees_title(f"Order {order.number}").settled()
    staff.presses("Edit")
    staff.fills(Tax_in="1.25")
    clicked(staff, "Save").sees("$50.00 → $51.25")


def test_a_segment_keeps_the_description_that_was_typed_last(staff: Person, shop: Shop) -> None:
    staff.sign_in("/segment").sees_title("New segment").settled()
    name = f"Regulars {staff.page.viewport_size['width']}"
    staff.fills(Name=name, Description="Twice a year")
    clicked(staff, "Save segment").sees_title(name)
    (segment,) = [each for each in list_segments(shop, ADMIN) if each.name == name]
    assert segment.text == "Twice a year"


def test_shop_settings_are_saved_as_typed(staff: Person, shop: Shop) -> None:
    staff.sign_in("/shop_settings").sees_title("Shop settings").settled()
    address = f"{staff.page.viewport_size['width']} Mill Lane"
    staff.fills(Postal_address=address)
    clicked(staff, "Save").sees("Settings saved.")
    assert get_shop_facts(shop).postal_address == address


def test_a_customer_is_added_as_typed(staff: Person, shop: Shop) -> None:
    staff.sign_in("/customers").sees_title("Customers").settled()
    address = f"maria-{staff.page.viewport_size['width']}@example.com"
    staff.presses("Add customer")
    staff.fills(Given_name="Maria", Family_name="Lopez", Email_address=address, Phone="+43 660 1234567")
    clicked(staff, "Add customer").sees_title("Maria Lopez")
    added = find_by_email(shop, address)
    assert added is not None
    assert added.phone


def test_a_draft_of_a_template_is_saved_as_typed(staff: Person) -> None:
    staff.sign_in("/template?name=newsletter").settled()
    staff.main.get_by_text("Edit", exact=True).click()
    staff.settled()
    subject: Any = staff.page.get_by_label("Subject", exact=True)
    subject.fill(f"News for {staff.page.viewport_size['width']}")
    clicked(staff, "Save draft").sees("Draft saved.")


def test_an_answer_about_marketing_and_tags_are_stored_as_clicked(staff: Person, shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez")
    staff.sign_in(f"/customer?id={customer.id}").sees_title("Maria Lopez").settled()
    clicked(staff, "Customer declines").sees("Recorded.").settled()
    staff.presses("Edit").fills(City="Lyon")
    staff.page.get_by_role("combobox", name="Tags").fill("vip")
    staff.page.keyboard.press("Enter")
    staff.page.keyboard.press("Tab")  # closes the list, which lies over the button
    clicked(staff, "Save").sees("Saved.")
    after = get_customer(shop, customer.id)
    assert after.consent is not None
    assert (after.consent.given, after.city, after.tags) == (False, "Lyon", ("vip",))
