"""Lists as people work them: rows open in the session, heads sort, and on a phone nothing is cut without a sign."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]  # its stubs would be a package more

from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.customers.lists import CustomerFilter, list_customers
from tests.browser.people import Person
from tests.support import ADMIN, add_customer, add_order

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]

_CUT = """() => {
  const found = [];
  const cells = [...document.querySelectorAll("*")].flatMap(
    each => each.shadowRoot ? [...each.shadowRoot.querySelectorAll("td, th")] : []
  ).filter(cell => cell.checkVisibility() && getComputedStyle(cell).clipPath === "none");
  for (const cell of cells) {
    if (cell.scrollWidth <= cell.clientWidth + 1) continue;
    const style = getComputedStyle(cell);
    const signed = style.textOverflow === "ellipsis" && style.overflowX === "hidden" && style.whiteSpace === "nowrap";
    found.push([cell.innerText, signed && cell.title !== ""]);
  }
  return [cells.length, found];
}"""
"""How many cells the page shows, and those that are too narrow: what they hold, and whether they end with an ellipsis
and say all of it when they are pointed at."""

_MARKUP = "<img src=x> **Bo**"
"""A name that is shown as it is."""


@pytest.fixture(scope="module")
def names(shop: Shop, queries: Mapping[str, str]) -> tuple[str, str]:
    """The first two customers, one with a name and tags that are too long for a phone; a third has markup as a name."""
    long = "Somebody with an uncommonly long name that goes on and on"
    for name, total in ((long, 99_000_000), ("Keyboard Kim", 98_000_000)):
        add_order(shop, add_customer(shop, name, tags=("wholesale", "newsletter", "vip")), total)
    add_order(shop, add_customer(shop, _MARKUP), 97_000_000)
    return long, "Keyboard Kim"


def test_a_row_opens_in_the_session_and_back_leads_to_the_list_as_it_was(
    person: Arrive, names: tuple[str, str]
) -> None:
    staff = person(Role.STAFF).sign_in("/customers").sees_title("Customers")
    head = staff.main.get_by_role("columnheader", name="Revenue")
    assert head.get_attribute("aria-sort") == "descending"
    staff.page.evaluate("window.stays = true")
    staff.main.get_by_role("columnheader", name="Added").get_by_role("button").click()
    staff.page.wait_for_url("**/customers?sort=newest")
    assert staff.settled().main.get_by_role("columnheader", name="Added").get_attribute("aria-sort") == "descending"
    assert head.get_attribute("aria-sort") == "none"
    staff.main.get_by_role("row", name=names[1]).get_by_role("cell").last.click()
    staff.sees_title(names[1])
    staff.page.go_back()
    staff.sees_title("Customers").page.wait_for_url("**/customers?sort=newest")
    assert staff.page.evaluate("window.stays") is True


def test_text_that_looks_like_markup_is_text(person: Arrive, names: tuple[str, str]) -> None:
    staff: Any = person(Role.STAFF).sign_in("/customers").sees_title("Customers")
    staff.main.get_by_role("link", name=_MARKUP, exact=True).wait_for()
    assert staff.main.locator("td img, td b, td strong").count() == 0


def test_rows_are_links_for_the_keyboard_and_for_other_buttons(person: Arrive, names: tuple[str, str]) -> None:
    staff = person(Role.STAFF).sign_in("/customers").sees_title("Customers")
    staff.main.get_by_role("link", name=names[0]).focus()
    staff.page.keyboard.press("ArrowDown")
    kim = staff.main.get_by_role("link", name=names[1])
    assert kim.evaluate("link => link.matches(':focus')")
    for part in (kim, staff.main.get_by_role("row", name=names[1]).get_by_role("cell").last):
        with staff.page.context.expect_page() as opened:
            part.click(button="middle")
        assert re.search(r"/customer\?id=\w+$", opened.value.url)
        opened.value.close()
    kim.focus()
    staff.page.keyboard.press("Enter")
    staff.sees_title(names[1])


@pytest.mark.parametrize(
    "page", ["", "customers", "orders", "messages", "segments", "campaigns", "suppression", "audit"]
)
def test_on_a_phone_what_is_too_long_ends_with_an_ellipsis(
    person: Arrive, names: tuple[str, str], shop: Shop, page: str
) -> None:
    if page == "audit":
        from backend.services.audit import log

        log.note(shop, ADMIN, "changed something with a long name", "template:newsletter", "a long detail " * 9)
    staff = person(Role.ADMIN, width=390, height=844).sign_in(f"/{page}").settled()
    staff.main.get_by_role("table").first.wait_for()
    shown, cut = staff.page.evaluate(_CUT)
    assert shown > 3
    assert [text for text, signed in cut if not signed] == []
    if page == "customers":
        assert [text for text, _ in cut] == [names[0]]


def test_columns_are_chosen_with_the_keyboard_and_kept_in_the_address(person: Arrive, names: tuple[str, str]) -> None:
    for width, height in ((1280, 800), (390, 844)):
        staff = person(Role.STAFF, width=width, height=height).sign_in("/customers").sees_title("Customers")
        menu = staff.main.get_by_label("Columns", exact=True)
        staff.main.locator("summary").focus()
        staff.page.keyboard.press("Enter")
        menu.get_by_role("checkbox", name="Average order").focus()
        staff.page.keyboard.press("Space")
        staff.page.wait_for_url("**/customers?*columns=average*")
        staff.settled()
        assert menu.get_by_role("checkbox", name="Average order").evaluate("box => box.matches(':focus')")
        staff.page.keyboard.press("Escape")
        menu.wait_for(state="hidden")
        kim = staff.main.get_by_role("row", name=names[1]).get_by_role("cell")
        assert "$980,000.00" in kim.all_inner_texts()[-3]
        assert staff.page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_desktop_the_filters_of_orders_are_one_row(person: Arrive) -> None:
    staff = person(Role.ADMIN).sign_in("/orders").sees_title("Orders")
    tops = {staff.main.get_by_role("button", name=name).bounding_box()["y"] for name in ("Export", "Views")}
    assert len(tops) == 1


def test_rows_are_selected_and_acted_on(person: Arrive, names: tuple[str, str], shop: Shop) -> None:
    staff = person(Role.ADMIN).sign_in("/customers").sees_title("Customers")
    every = staff.main.get_by_role("checkbox", name="Select all on this page")
    boxes = staff.main.get_by_role("checkbox", name=re.compile("^Select (?!all)"))
    every.click()
    staff.sees(f"{boxes.count()} selected")
    every.click()
    assert staff.main.get_by_role("button", name="Archive").count() == 0
    boxes.first.focus()
    staff.page.keyboard.press("Space")
    staff.page.keyboard.press("ArrowDown")
    staff.page.keyboard.press("Space")
    staff.sees("2 selected").presses("Add tag")
    staff.page.get_by_role("combobox", name="Tag").last.fill("spring")
    staff.page.keyboard.press("Enter")
    staff.settled().presses("Add tag to 2 customers").sees("Tag “spring” added to 2 customers.")
    tagged = list_customers(shop, CustomerFilter(tag="spring")).customers
    assert [each.name for each in tagged] == list(names)
    staff.presses("Undo").settled()
    assert list_customers(shop, CustomerFilter(tag="spring")).customers == []


def test_the_hundred_best_customers_are_a_file_after_three_clicks(person: Arrive, names: tuple[str, str]) -> None:
    manager = person(Role.MANAGER).sign_in("/customers").sees_title("Customers")
    manager.page.get_by_role("button", name="Export").click()
    manager.page.get_by_text("The first 100").click()
    manager.settled()
    with manager.page.expect_download() as file:
        manager.page.get_by_role("button", name="Download customers (XLSX)").click()
    sheet = load_workbook(io.BytesIO(file.value.path().read_bytes())).active
    found = [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert found[:2] == list(names)
    assert 2 < len(found) <= 100
