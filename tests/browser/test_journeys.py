"""What people of a shop do all day, in a real browser against the real server."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email
from backend.services.orders.lists import orders_of
from backend.services.orders.orders import get_order
from tests.browser.people import Person
from tests.pages.reading import MARKUP
from tests.support import add_customer, add_order

pytestmark = pytest.mark.browser

MENUS = {
    Role.MANAGER: {"Overview", "Customers", "Orders"},
    Role.STAFF: {"Overview", "Customers", "Orders", "Place an order"},
    Role.ENGINEER: {"Overview", "Customers", "Orders"},
    Role.ADMIN: {"Overview", "Customers", "Orders", "Place an order", "Team"},
}

EXPORT = """\
Name,Email,Financial Status,Paid at,Fulfillment Status,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,\
Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,\
Billing City,Billing Country,Refunded Amount,Cancelled at
#1001,maria@example.com,paid,2026-03-02 10:00:00 +0000,fulfilled,yes,USD,45.00,4.90,0.00,49.90,\
,0.00,2026-03-02 10:00:00 +0000,2,Linen apron,15.00,AP-1,Maria Lopez,Sevilla,ES,0.00,
#1001,maria@example.com,,,,,,,,,,,,2026-03-02 10:00:00 +0000,1,Tea towel,15.00,TT-1,,,,,
#1002,,paid,2026-03-03 10:00:00 +0000,fulfilled,no,USD,8.00,0.00,0.00,8.00,\
,0.00,2026-03-03 10:00:00 +0000,1,Tea towel,8.00,TT-1,,,,0.00,
"""
"""What Shopify writes: an order of two rows, and one from the point of sale without an address."""

Arrive = Callable[..., Person]


@pytest.mark.parametrize("role", Role)
def test_each_role_signs_in_sees_its_menu_and_signs_out(person: Arrive, role: Role) -> None:
    somebody = person(role).sign_in().sees_title("Overview")
    shown = set(somebody.menu())
    assert shown >= MENUS[role]
    assert ("Team" in shown) == (role is Role.ADMIN)
    assert ("Place an order" in shown) == (role in (Role.STAFF, Role.ADMIN))
    somebody.sign_out().visit("/customers").page.get_by_label("Username").wait_for()


def test_orders_are_imported_a_customer_found_an_order_placed_and_refunded(person: Arrive, shop: Shop) -> None:
    staff = person(Role.STAFF).sign_in().goes_to("Import and export")
    staff.uploads("shopify-orders.csv", EXPORT).presses("Start import").sees("Done")
    staff.goes_to("Customers").searches("Search", "lop").follows(re.compile("Maria Lopez")).sees_title("Maria Lopez")
    staff.sees("$49.90").follows("Place an order").sees_title("Place an order")
    staff.types("Product", "Mug").types("Price in USD", "12.50").sees("$12.50")
    staff.page.get_by_role("radio", name="Paid").or_(staff.page.get_by_role("button", name="Paid")).first.click()
    staff.settled().presses("Place order").sees("was placed.")
    staff.follows("Open this order").sees_title(re.compile("^Order T"))
    staff.presses("Refund").presses("Select all").types("Reason", "Arrived broken")
    staff.presses("Refund $12.50 to Maria Lopez").sees("Refunded $12.50 (1 item): Arrived broken")
    maria = find_by_email(shop, "maria@example.com")
    assert maria is not None
    assert [(order.total, order.refunded) for order in orders_of(shop, maria.id).orders] == [(1250, 1250), (4990, 0)]
    staff.sign_out()


def test_a_sign_in_lasts_through_a_reload_in_a_cookie_that_no_script_reads(person: Arrive) -> None:
    manager = person(Role.MANAGER).sign_in()
    (cookie,) = (each for each in manager.page.context.cookies() if each["name"] == "tillpost_session")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Strict", False)
    assert "tillpost_session" not in manager.page.evaluate("document.cookie")
    manager.page.reload()
    manager.sees_title("Overview").sign_out()
    manager.page.reload()
    manager.page.get_by_label("Username").wait_for()
    assert not [each for each in manager.page.context.cookies() if each["name"] == "tillpost_session"]


def test_two_people_change_one_order_and_the_second_is_warned(person: Arrive, shop: Shop) -> None:
    order = add_order(shop, add_customer(shop, "Jonas Weber"), 5000)
    path = f"/order?customer={order.customer_id}&id={order.id}"
    first, second = person(Role.STAFF).sign_in(path), person(Role.ADMIN).sign_in(path)
    first.sees_title(f"Order {order.number}")
    second.sees_title(f"Order {order.number}")
    first.presses("Fulfil").presses("Fulfil 1 item").sees("paid → fulfilled")
    second.presses("Mark as pending").sees("(the-staff: Sent 1 item; paid → fulfilled)")
    assert get_order(shop, order.customer_id, order.id).status is OrderStatus.FULFILLED
    second.presses("Reload").presses("Undo fulfilment").sees("fulfilled → paid")
    assert get_order(shop, order.customer_id, order.id).status is OrderStatus.PAID


def test_a_double_click_places_one_order(person: Arrive, shop: Shop) -> None:
    ana = add_customer(shop, "Ana Ruiz")
    staff = person(Role.STAFF).sign_in(f"/place_order?customer={ana.id}").sees_title("Place an order")
    staff.types("Product", "Mug").types("Price in USD", "9")
    staff.page.get_by_role("button", name="Place order", exact=True).dblclick()
    staff.sees("was placed.").settled()
    assert len(orders_of(shop, ana.id).orders) == 1


def test_a_link_to_a_customer_asks_to_sign_in_and_then_shows_the_customer(person: Arrive, shop: Shop) -> None:
    customer = add_customer(shop, "Yuki Tanaka", "yuki@example.com")
    manager = person(Role.MANAGER).visit(f"/customer?id={customer.id}")
    manager.page.get_by_label("Username").wait_for()
    assert "Yuki" not in manager.page.content()
    manager.sign_in(f"/customer?id={customer.id}").sees_title("Yuki Tanaka").sees("yuki@example.com")


@pytest.mark.parametrize("name", MARKUP)
def test_names_with_markup_are_read_as_they_were_typed(person: Arrive, shop: Shop, name: str) -> None:
    customer = add_customer(shop, name)
    order = add_order(shop, customer, 700)
    engineer = person(Role.ENGINEER).sign_in(f"/customer?id={customer.id}")
    engineer.follows(re.compile(re.escape(order.number))).sees_title(f"Order {order.number}")
    label = engineer.main.locator(f'a[href*="customer?id={customer.id}"]').inner_text()
    assert re.sub(r"[\ue000-\uf8ff]", "", label).removeprefix("person").strip() == name
    engineer.follows(re.compile(re.escape(name[:1]))).visit(f"/customer?id={customer.id}")
    title = engineer.page.get_by_role("heading", level=1)
    title.wait_for()
    assert title.inner_text() == name
    assert title.locator("b, em, a, .katex, [class*=colored]").count() == 0


def test_rows_of_lists_work_with_the_keyboard(person: Arrive, shop: Shop) -> None:
    customer = add_customer(shop, "Keyboard Kim", "kim@example.com")
    add_order(shop, customer, 100_000)
    staff = person(Role.STAFF).sign_in("/customers").sees_title("Customers")
    staff.main.get_by_role("link", name=re.compile("Keyboard Kim")).focus()
    staff.page.keyboard.press("Enter")
    staff.sees_title("Keyboard Kim")


@pytest.mark.parametrize("path", ["/", "/customers", "/customer?id={c}", "/orders", "/order?customer={c}&id={o}"])
def test_nothing_is_wider_than_a_phone(person: Arrive, shop: Shop, path: str) -> None:
    customer = add_customer(
        shop, "Somebody with an uncommonly long name that goes on and on", tags=("wholesale", "vip")
    )
    order = add_order(shop, customer, 123_456_789)
    staff = person(Role.STAFF, width=390, height=844).sign_in(path.format(c=customer.id, o=order.id))
    staff.settled()
    too_wide = staff.page.evaluate(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return main.scrollWidth - main.clientWidth }"
    )
    assert too_wide <= 0
