"""On a phone: no page is wider than the screen, and what is copied from it is clean."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from backend.domain.team import Role
from pages.components.ui.navigation import PAGES
from tests.browser.people import Person
from tests.server.processes import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def admin(chromium: Any, server: Server) -> Iterator[Person]:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    yield Person(context.new_page(), server, Role.ADMIN).sign_in()
    context.close()


@pytest.mark.parametrize("page", [entry.url_path for entry in PAGES])
def test_a_page_fits_a_phone_and_is_copied_without_invisible_characters(
    admin: Person, queries: Mapping[str, str], page: str
) -> None:
    path = "/" if page == "overview" else f"/{page}"
    admin.visit(path + queries.get(page, "")).settled()
    admin.page.get_by_role("heading", level=1).first.wait_for()
    admin.settled()
    too_wide = """() => {
        const main = document.querySelector("[data-testid=stMain]");
        return Math.max(document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth);
    }"""
    assert admin.page.evaluate(too_wide) <= 0
    text = admin.main.evaluate("main => main.textContent")
    assert {sign for sign in text if unicodedata.category(sign) == "Cf"} == set()


_PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Mobile Safari/537.36"
)


@pytest.fixture
def caller(chromium: Any, server: Server) -> Iterator[Person]:
    """Somebody at a phone, by touch and by name."""
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, user_agent=_PHONE
    )
    yield Person(context.new_page(), server, Role.ADMIN).sign_in()
    context.close()


def test_the_menu_closes_after_a_page_is_chosen(caller: Person) -> None:
    caller.page.get_by_test_id("stExpandSidebarButton").tap()
    caller.page.get_by_test_id("stSidebarNav").get_by_role("link", name="Emails", exact=True).tap()
    caller.sees_title("Emails").settled()
    caller.page.wait_for_function("document.querySelector('[data-testid=stSidebar]').dataset.collapsed === 'true'")
