"""The menu has daily work first and the way out in reach; the search above every page is reached by the keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backend.domain.team import Role
from backend.services.context import Shop
from tests.browser.people import Person
from tests.support import add_customer, add_order

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.ENGINEER])
def test_the_way_out_is_in_reach_at_a_height_of_900_pixels(person: Arrive, role: Role) -> None:
    somebody = person(role, width=1280, height=900).sign_in("/orders").sees_title("Orders").settled()
    box = somebody.page.get_by_role("button", name="Sign out").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 900


def test_engineers_pages_have_a_group_of_their_own(person: Arrive) -> None:
    admin, engineer = (person(role).sign_in("/orders").sees_title("Orders") for role in (Role.ADMIN, Role.ENGINEER))
    shown = admin.menu()
    assert shown.index("Orders") < shown.index("Campaigns") < shown.index("System")
    shown = engineer.menu()
    assert shown.index("System") < shown.index("Orders")


def test_ctrl_k_finds_an_order_and_its_page_is_marked_in_the_menu(person: Arrive, shop: Shop) -> None:
    order = add_order(shop, add_customer(shop, "Searched Sofia", "sofia@example.com"), 500)
    staff = person(Role.STAFF).sign_in("/campaigns").sees_title("Campaigns").settled()
    staff.page.keyboard.press("Control+k")
    staff.page.keyboard.type(order.number, delay=20)
    staff.main.get_by_role("link", name=order.number).click()
    staff.sees_title(f"Order {order.number}").settled()
    assert staff.page.get_by_label("Search everything").input_value() == ""
    marked = staff.page.get_by_test_id("stSidebarNav").locator("[aria-current=page]")
    assert marked.inner_text().strip().splitlines()[-1] == "Order"


def test_a_phone_finds_a_customer(person: Arrive, shop: Shop) -> None:
    add_customer(shop, "Carried Carla", "carla@example.com")
    staff = person(Role.STAFF, width=390, height=844).sign_in("/messages").sees_title("Message log").settled()
    staff.page.get_by_label("Search everything").press_sequentially("carr", delay=50)
    staff.main.get_by_role("link", name="Carried Carla").click()
    staff.sees_title("Carried Carla")
