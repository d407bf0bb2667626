"""A telephone order of two known products: how many clicks it takes, and that a new caller costs nothing typed."""

from __future__ import annotations

import re
from collections.abc import Callable

from backend.domain.draft_orders import DraftState
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter, Sort, list_customers
from backend.services.draft_orders.lists import drafts_of
from backend.services.draft_orders.settings import change_draft_settings
from backend.services.orders.lists import orders_of
from backend.services.products.catalogue import ProductDraft, create_product
from backend.services.sending.message_log import messages_of
from tests.browser.people import Person
from tests.support import MANAGER, STAFF, add_customer, add_order

Arrive = Callable[..., Person]

_COUNT = "window.clicks = 0; addEventListener('click', event => { if (event.isTrusted) window.clicks += 1; }, true);"


def pick(staff: Person, words: str) -> None:
    """Clicks the field of products, types, and clicks what is found."""
    staff.page.get_by_role("combobox", name="Add a product").click()
    staff.page.keyboard.type(words)
    staff.page.get_by_role("option", name=re.compile(words)).first.click()
    staff.settled()


def test_a_phone_order_of_two_known_products_takes_ten_clicks_at_most(person: Arrive, shop: Shop) -> None:
    rosa = add_customer(shop, "Rosa Winter")
    create_product(shop, STAFF, ProductDraft("Assam", "TEA-1", price=990))
    create_product(shop, STAFF, ProductDraft("Teapot", "POT-1", "Red", price=4500))
    staff = person(Role.STAFF).sign_in()
    staff.page.evaluate(_COUNT)
    staff.goes_to("Place an order")
    staff.page.get_by_label("Customer", exact=True).click()
    staff.searches("Customer", "rosa").presses_one("Rosa Winter")
    pick(staff, "Assam")
    pick(staff, "POT-1")
    staff.sees("$54.90").presses("Place order").sees("was placed.")
    assert staff.page.evaluate("window.clicks") <= 10
    (order,) = orders_of(shop, rosa.id).orders
    assert order.total == 5490


def test_a_draft_with_its_link_to_pay_takes_twelve_clicks_at_most(person: Arrive, shop: Shop) -> None:
    dora = add_customer(shop, "Dora Draft")
    create_product(shop, STAFF, ProductDraft("Darjeeling", "TEA-2", price=990))
    create_product(shop, STAFF, ProductDraft("Kettle", "KET-1", price=4500))
    change_draft_settings(shop, MANAGER, "https://shop.example/pay/{token}", 14)
    staff = person(Role.STAFF).sign_in()
    staff.page.evaluate(_COUNT)
    staff.goes_to("Place an order")
    staff.page.get_by_label("Customer", exact=True).click()
    staff.searches("Customer", "dora").presses_one("Dora Draft")
    pick(staff, "Darjeeling")
    pick(staff, "KET-1")
    staff.sees("$54.90").presses("Save as draft").sees_title("Draft D1").settled()
    staff.presses("Send link to pay").presses("Send the link").sees("Link sent")
    assert staff.page.evaluate("window.clicks") <= 12
    (draft,) = drafts_of(shop, dora.id)
    assert (draft.state, draft.order.total) == (DraftState.LINK_SENT, 5490)
    (message,) = messages_of(shop, dora.id)
    assert (message.template, message.order_id) == ("payment-link", draft.order.id)
    staff.presses("Complete").presses("Place the order").sees("Open the order")
    assert [order.total for order in orders_of(shop, dora.id).orders] == [5490]


def test_a_customer_who_calls_for_the_first_time_is_added_while_the_order_waits(person: Arrive, shop: Shop) -> None:
    known = add_customer(shop, "Vera Known")
    staff = person(Role.STAFF).sign_in(f"/place_order?customer={known.id}").sees_title("Place an order")
    staff.types("Product", "Mug").types("Price in USD", "9").presses("Change").presses("New customer")
    staff.types("Given name", "Nina").types("Family name", "Novak").presses("Add customer")
    staff.sees("Nina Novak").has(Product="Mug")
    staff.presses("Place order").sees("was placed.")
    (nina,) = list_customers(shop, CustomerFilter("nina", sort=Sort.NEWEST)).customers
    assert [order.total for order in orders_of(shop, nina.id).orders] == [900]


def test_what_a_customer_bought_is_one_click_away(person: Arrive, shop: Shop) -> None:
    add_order(shop, add_customer(shop, "Olga Petrova"), 1234)
    staff = person(Role.STAFF).sign_in("/customers").sees_title("Customers").searches("Search", "olga")
    staff.page.evaluate(_COUNT)
    staff.follows(re.compile("Olga Petrova")).sees_title("Olga Petrova").sees("What they bought").sees(
        re.compile("^Assam")
    )
    assert staff.page.evaluate("window.clicks") == 1
