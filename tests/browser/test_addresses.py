"""A page's address holds what is chosen there, and its tab says what it shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from backend.domain.messages import MessageStatus
from backend.domain.orders import OrderStatus
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.customers.customers import find_by_email
from backend.services.orders.lists import orders_of
from backend.services.sending import ledger
from tests.browser.people import Person
from tests.server.processes import Server
from tests.services.test_ledger import a_message, claimed
from tests.support import NOW, add_customer, add_order

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]
SIZES = pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])


@pytest.fixture(scope="module", autouse=True)
def orders(shop: Shop) -> None:
    for number in range(45):
        add_order(shop, add_customer(shop, f"Paying Paula {number:02}", f"paula{number}@example.com"), 5000 + number)
    add_order(shop, add_customer(shop, "Waiting Willem"), 700, status=OrderStatus.PENDING)


@pytest.fixture(scope="module")
def admin(chromium: Any, server: Server) -> Iterator[Person]:
    context = chromium.new_context()
    yield Person(context.new_page(), server, Role.ADMIN).sign_in()
    context.close()


def asked(person: Person) -> dict[str, list[str]]:
    """The parameters of the address."""
    return parse_qs(urlsplit(person.page.url).query)


def lacks(person: Person, text: str) -> None:
    person.main.get_by_text(text).first.wait_for(state="detached")


@SIZES
def test_a_reload_back_and_a_colleagues_link_show_the_same_orders(person: Arrive, width: int, height: int) -> None:
    manager = person(Role.MANAGER, width=width, height=height).sign_in("/orders").sees("Waiting Willem")
    manager.main.get_by_role("button", name=re.compile("Pending")).click()
    manager.page.wait_for_url("**/orders?status=pending")
    lacks(manager.settled(), "Paying Paula 44")
    manager.page.reload()
    manager.sees("Waiting Willem").settled()
    lacks(manager, "Paying Paula 44")
    manager.follows(re.compile("Waiting Willem")).sees_title(re.compile("^Order "))
    manager.page.go_back()
    manager.sees_title("Orders").sees("Waiting Willem").settled()
    assert asked(manager) == {"status": ["pending"]}
    lacks(manager, "Paying Paula 44")
    manager.page.go_back()
    manager.sees("Paying Paula 44").settled()
    assert asked(manager) == {}
    manager.page.go_forward()
    manager.page.wait_for_url("**/orders?status=pending")
    manager.settled()
    lacks(manager, "Paying Paula 44")
    colleague = person(Role.STAFF, width=width, height=height)
    colleague.page.emulate_media(color_scheme="dark")
    colleague.sign_in("/orders?" + urlsplit(manager.page.url).query).sees("Waiting Willem").settled()
    lacks(colleague, "Paying Paula 44")


def test_the_menu_leads_to_a_list_as_it_was_left_and_its_link_says_so(person: Arrive) -> None:
    staff = person(Role.STAFF).sign_in("/customers").sees_title("Customers")
    staff.main.get_by_role("columnheader", name="Added").get_by_role("button").click()
    staff.page.wait_for_url("**/customers?sort=newest")
    staff.goes_to("Orders")
    assert asked(staff) == {}
    staff.goes_to("Customers")
    staff.page.wait_for_url("**/customers?sort=newest")


def test_a_page_of_a_list_is_kept_in_the_address(person: Arrive) -> None:
    staff = person(Role.STAFF).sign_in("/customers").sees("Paying Paula 44").presses("Next").sees("Page 2")
    shown = staff.main.get_by_role("link").all_inner_texts()
    staff.page.reload()
    staff.sees("Page 2").settled()
    assert staff.main.get_by_role("link").all_inner_texts() == shown
    staff.presses("Previous").sees("Paying Paula 44").settled()
    assert asked(staff) == {}


def test_what_is_typed_is_kept_sealed_and_a_colleague_sees_the_same(person: Arrive) -> None:
    staff = person(Role.STAFF).sign_in("/customers").searches("Search", "paula07@example.com".replace("07", "7"))
    staff.sees("Paying Paula 07").settled()
    lacks(staff, "Paying Paula 08")
    assert list(asked(staff)) == ["search"]
    assert "paula" not in staff.page.url
    staff.page.reload()
    staff.sees("Paying Paula 07").settled()
    lacks(staff, "Paying Paula 08")
    assert staff.page.get_by_label("Search", exact=True).input_value() == "paula7@example.com"
    colleague = person(Role.ADMIN).sign_in("/customers?" + urlsplit(staff.page.url).query).sees("Paying Paula 07")
    lacks(colleague.settled(), "Paying Paula 08")


def test_fast_typing_loses_no_letter_to_the_address(person: Arrive) -> None:
    staff = person(Role.STAFF).sign_in("/customers").sees_title("Customers")
    field = staff.page.get_by_label("Search", exact=True)
    for delay in (60, 130, 290, 310, 350):
        field.fill("")
        field.press_sequentially("paying paula 1", delay=delay)
        staff.page.wait_for_timeout(500)
        staff.settled()
        assert field.input_value() == "paying paula 1"
        staff.sees("Paying Paula 19")


def test_chosen_days_and_views_are_kept(person: Arrive) -> None:
    manager = person(Role.MANAGER).sign_in(
        "/?period=custom&period_days=2026-01-05&period_days=2026-01-09&top_by=orders"
    )
    manager.sees_title("Overview").sees("Jan 5").settled()
    assert asked(manager) == {
        "period": ["custom"],
        "period_days": ["2026-01-05", "2026-01-09"],
        "top_by": ["orders"],
    }
    manager.visit("/orders?status=nonsense&placed=999-days").sees("Paying Paula 44").settled()
    assert asked(manager) == {}


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("order?customer={customer}&id={order}", "Order {number} · My shop"),
        ("customer?id={customer}", "Maria Lopez · Customers · My shop"),
        ("place_order?customer={customer}", "Place an order · Maria Lopez · My shop"),
        ("send?customer={customer}", "Send an email · Maria Lopez · My shop"),
        ("messages?customer={customer}", "To Maria Lopez · Message log · My shop"),
        ("template?name=newsletter", "Newsletter · Emails · My shop"),
        ("segment?id=ready-vips", "VIPs · Segments · My shop"),
        ("segment", "New segment · Segments · My shop"),
        ("automation", "New automation · Automations · My shop"),
        ("customer?id=nobody", "Customer · My shop"),
        ("orders?status=pending", "Orders · My shop"),
        ("", "Overview · My shop"),
    ],
)
def test_the_tab_names_the_page_and_its_subject(admin: Person, shop: Shop, page: str, title: str) -> None:
    maria = find_by_email(shop, "maria@example.com") or add_customer(shop, "Maria Lopez", "maria@example.com")
    order = next(iter(orders_of(shop, maria.id).orders), None) or add_order(shop, maria, 500)
    admin.visit("/" + page.format(customer=maria.id, order=order.id)).settled()
    admin.page.wait_for_function("title => document.title === title", arg=title.format(number=order.number))


def test_the_tab_of_a_visitor_says_sign_in(person: Arrive) -> None:
    visitor = person(Role.STAFF).visit("/orders")
    visitor.page.get_by_label("Username").wait_for()
    visitor.page.wait_for_function("() => document.title === 'Sign in · My shop'")


@SIZES
def test_a_message_is_found_by_the_id_that_the_provider_gave_it(
    person: Arrive, shop: Shop, width: int, height: int
) -> None:
    mine = claimed(shop, ledger.request(shop, a_message(f"click-{width}")).message)
    ledger.record(shop, [replace(mine, status=MessageStatus.SENT, sent_at=NOW, provider_id=f"0100-{width}")])
    engineer = person(Role.ENGINEER, width=width, height=height).sign_in("/messages").sees_title("Message log")
    engineer.types("Message id", f"<0100-{width}@eu-west-1.amazonses.com>").presses("Find message")
    engineer.page.wait_for_url(f"**/message?id={mine.id}")
