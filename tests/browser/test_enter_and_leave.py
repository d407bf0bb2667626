"""Enter presses the main button of every form, and what was typed is still there after a look at another page."""

from __future__ import annotations

import pytest

from backend.services.context import Shop
from backend.services.orders.lists import orders_of
from backend.services.segments.library import list_segments
from backend.services.shop_settings import get_shop_facts
from backend.services.suppression.entries import find_suppression
from tests.browser.people import Person
from tests.support import ADMIN, add_customer, add_order

pytestmark = pytest.mark.browser


def test_enter_places_an_order_once(staff: Person, shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez")
    staff.sign_in(f"/place_order?customer={customer.id}").sees_title("Place an order").settled()
    staff.fills(Product="Mug", Price_in="12.50", Shipping_in="4.90")
    for _ in range(3):
        staff.page.keyboard.press("Enter")
    staff.sees("was placed.")
    (order,) = orders_of(shop, customer.id).orders
    assert order.total == 1740


def test_enter_saves_an_edited_order(staff: Person, shop: Shop) -> None:
    order = add_order(shop, add_customer(shop, "Jonas Weber"), 5000)
    staff.sign_in(f"/order?customer={order.customer_id}&id={order.id}").settled().presses("Edit")
    staff.fills(Tax_in="1.25").page.keyboard.press("Enter")
    staff.sees("$50.00 → $51.25")


def test_enter_saves_a_segment(staff: Person, shop: Shop) -> None:
    name = f"Enter {staff.width}"
    staff.sign_in("/segment").sees_title("New segment").settled()
    staff.fills(Description="Twice a year", Name=name).page.keyboard.press("Enter")
    staff.sees_title(name)
    assert [each.text for each in list_segments(shop, ADMIN) if each.name == name] == ["Twice a year"]


def test_enter_says_what_a_campaign_misses_and_then_saves_it(staff: Person) -> None:
    name = f"Spring {staff.width}"
    staff.sign_in("/new_campaign?segment=ready-vips").sees_title("Plan a campaign").settled()
    staff.fills(Name_of_the_campaign=name).page.keyboard.press("Enter")
    staff.sees("Choose an email and a segment first.").settled().chooses("Email", "Newsletter (")
    staff.fills(Headline="Spring", **{"First story: title": "Mugs", "First story: text": "All of them"})
    staff.fills(Subject="Spring is here").page.keyboard.press("Enter")
    staff.sees_title(name)


def test_enter_saves_the_draft_of_a_template_and_never_publishes_it(staff: Person) -> None:
    staff.sign_in("/template?name=newsletter").settled()
    staff.main.get_by_text("Edit", exact=True).click()
    staff.settled().fills(Preheader=f"News for {staff.width}").page.keyboard.press("Enter")
    staff.sees("Draft saved.")
    assert staff.page.get_by_role("dialog").count() == 0


def test_enter_saves_an_automation(staff: Person) -> None:
    name = f"Thanks {staff.width}"
    staff.sign_in("/automation").sees_title("New automation").settled().chooses("Email", "Order confirmation")
    staff.fills(Name=name).page.keyboard.press("Enter")
    staff.sees_title(name)


def test_enter_saves_a_customer_the_settings_and_a_suppressed_address(staff: Person, shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez")
    staff.sign_in(f"/customer?id={customer.id}").sees_title("Maria Lopez").settled().presses("Edit")
    staff.fills(City="Lyon").page.keyboard.press("Enter")
    staff.sees("Saved.").settled().visit("/shop_settings").settled()
    staff.fills(Sender_name=f"Enter {staff.width}").page.keyboard.press("Enter")
    staff.sees("Settings saved.")
    assert get_shop_facts(shop).sender_name == f"Enter {staff.width}"
    address = f"enter-{staff.width}@example.com"
    staff.visit("/suppression").settled().presses("Add an address")
    staff.fills(Email_address=address, Note="asked by phone").page.keyboard.press("Enter")
    staff.sees("Address added.")
    assert find_suppression(shop, address) is not None


# --- looking at another page -------------------------------------------------------------------------------------


def away_and_back(staff: Person) -> None:
    """Leaves the page by a link of the browser's own history, which is what all links here are."""
    staff.goes_to("Orders").page.go_back()
    staff.settled()


def test_what_was_typed_into_a_page_is_there_after_another_one(staff: Person, shop: Shop) -> None:
    customer = add_customer(shop, "Maria Lopez")
    staff.sign_in(f"/place_order?customer={customer.id}").settled().fills(Product="Mug", Note="Gift wrap")
    away_and_back(staff)
    staff.has(Product="Mug", Note="Gift wrap").visit_in_app(f"/customer?id={customer.id}")
    staff.fills(New_note="Prefers Tuesdays")
    away_and_back(staff)
    staff.has(New_note="Prefers Tuesdays").presses("Add note").sees("Note added.").settled().has(New_note="")


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/segment", {"Name": "Half a segment", "Description": "Not done"}),
        ("/new_campaign", {"Name_of_the_campaign": "Half a campaign"}),
        ("/automation", {"Name": "Half an automation"}),
        ("/shop_settings", {"Reply-to_address": "half@example.com", "Postal_address": "1 Half Street"}),
        ("/team", {"Name": "Half a member", "Username": "half"}),
        ("/account", {"Your_name": "Half a name"}),
    ],
)
def test_what_was_typed_stays_on_every_page(staff: Person, path: str, typed: dict[str, str]) -> None:
    staff.sign_in(path).settled().fills(**typed)
    away_and_back(staff)
    staff.has(**typed)


def test_a_template_goes_on_where_it_was_left(staff: Person) -> None:
    staff.sign_in("/template?name=welcome").settled()
    staff.main.get_by_text("Edit", exact=True).click()
    staff.settled().fills(Subject="Half a subject")
    away_and_back(staff)
    staff.has(Subject="Half a subject")


def test_a_dialog_that_was_closed_by_accident_opens_with_what_was_typed(staff: Person, shop: Shop) -> None:
    order = add_order(shop, add_customer(shop, "Jonas Weber"), 5000)
    staff.sign_in(f"/order?customer={order.customer_id}&id={order.id}").settled().presses("Edit")
    staff.fills(Note="Leave it at the door").page.keyboard.press("Escape")
    staff.settled().presses("Edit").has(Note="Leave it at the door")
    staff.presses("Discard changes").has(Note="")
    staff.visit_in_app("/customers").presses("Add customer").fills(Given_name="Half a customer").page.keyboard.press(
        "Escape"
    )
    staff.settled().presses("Add customer").has(Given_name="Half a customer")
