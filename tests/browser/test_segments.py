"""Segments and insights in a real browser: built by hand, counted meanwhile, saved, and reached from the grid."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.domain.segments import Goods
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.segments import library
from backend.services.segments.preview import goods_sold
from backend.services.snapshots.build import make_snapshot
from tests.browser.people import Person
from tests.support import ADMIN, MANAGER, add_customer, add_order

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]


@pytest.fixture(scope="module", autouse=True)
def _customers(shop: Shop) -> None:
    """Four people: Maria has ordered twice, Ana and Ben once, Jo never."""
    maria, ana = add_customer(shop, "Maria Lopez", country="DE", consent=True), add_customer(shop, "Ana Berg")
    ben = add_customer(shop, "Ben Ray", country="AT")
    add_customer(shop, "Jo Park")
    for customer in (maria, maria, ana, ben):
        add_order(shop, customer, 1500, placed_at=shop.clock())
    make_snapshot(shop)
    assert goods_sold(shop, ADMIN, Goods.SKU) == ["TEA-1"]


def count_of(person: Person) -> str:
    return str(person.main.get_by_test_id("stMetricValue").first.inner_text()).strip()


def test_a_segment_is_built_saved_and_exported(person: Arrive, shop: Shop) -> None:
    manager = person(Role.MANAGER).sign_in().goes_to("Segments").follows("New segment").sees_title("New segment")
    manager.settled().sees("Customers who have ordered at least 2 times")
    assert count_of(manager) == "1"
    manager.main.get_by_label("Condition").click()
    manager.page.get_by_role("option", name="Product bought").click()
    manager.settled().sees("Choose at least one product")
    manager.main.get_by_label("One of the products").click()
    manager.page.get_by_role("option", name="Assam tea").click()
    manager.page.keyboard.press("Escape")
    manager.settled().sees("Customers who have bought “Assam tea”.")
    assert count_of(manager) == "3"
    manager.types("Name", "Tea drinkers").presses("Save segment").sees_title("Tea drinkers")
    (segment,) = library.list_segments(shop, MANAGER)
    assert segment.name == "Tea drinkers"
    with manager.page.expect_download() as exported:
        manager.presses("Export").presses("Download members (CSV)")
    with Path(exported.value.path()).open(encoding="utf-8-sig", newline="") as lines:
        assert {row["Name"] for row in csv.DictReader(lines)} == {"Maria Lopez", "Ana Berg", "Ben Ray"}


def test_what_was_built_is_still_there_after_a_look_elsewhere(person: Arrive) -> None:
    staff = person(Role.STAFF).sign_in("/segment").sees_title("New segment").settled()
    staff.presses("Add condition").goes_to("Customers")
    staff.page.go_back()
    staff.sees_title("New segment").settled()
    assert staff.main.get_by_label("Condition").count() == 2


def test_a_square_of_the_grid_leads_to_who_is_in_it(person: Arrive) -> None:
    manager = person(Role.MANAGER).sign_in().goes_to("Insights")
    squares = manager.main.locator(".scatterlayer .points path")
    squares.first.wait_for()
    box = squares.nth(20).bounding_box()
    manager.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    manager.sees_title("New segment").settled()
    manager.sees(re.compile("have a recency score of exactly 5 and have a frequency score of exactly 1"))


def test_all_of_it_fits_a_phone(person: Arrive) -> None:
    manager = person(Role.MANAGER, width=390, height=800).sign_in("/segment?copy=ready-vips")
    manager.sees_title("New segment").settled()
    manager.visit("/insights").sees_title("Insights").settled()
    wide = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not manager.page.evaluate(wide)
