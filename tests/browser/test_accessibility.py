"""axe-core finds no violation on any page, in the light theme on a desktop and in the dark theme on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from backend.domain.fulfilments import Tracking
from backend.domain.orders import LineItem, OrderStatus
from backend.domain.team import Role
from backend.services.context import Shop
from backend.services.orders import orders
from backend.services.orders.fulfilments import fulfil_order
from backend.services.orders.payments import record_payment
from pages.components.ui.navigation import PAGES
from tests.browser.people import Person
from tests.server.processes import Server
from tests.support import ADMIN, add_customer, draft, ref

pytestmark = pytest.mark.browser

_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "runOnly": _STANDARDS}
_OF_STREAMLIT = (
    # The menu puts `div`s between its `ul` and `li` elements.
    ("list", "stSidebarNavItems"),
    ("listitem", '<li class="st-emotion'),
    # The drop zone of a file field has both role="presentation" and tabindex="-1" (streamlit/streamlit#15921).
    ("presentation-role-conflict", "stFileUploaderDropzone"),
    # The label of a disabled field is grey, which WCAG 1.4.3 allows; axe-core does not see that it belongs to one.
    ("color-contrast", 'span[aria-hidden="true"] >'),
)
"""Rules with a part of the element or its selector: what Streamlit draws and no page can change."""


@pytest.fixture(scope="module", params=[("light", 1280), ("dark", 390)], ids=["light-desktop", "dark-phone"])
def admin(request: pytest.FixtureRequest, chromium: Any, server: Server) -> Iterator[Person]:
    """An admin who is signed in, in one theme and width."""
    scheme, width = request.param
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    yield Person(context.new_page(), server, Role.ADMIN).sign_in()
    context.close()


@pytest.mark.parametrize("page", [entry.url_path for entry in PAGES])
def test_a_page_has_no_accessibility_violation(admin: Person, queries: Mapping[str, str], page: str) -> None:
    path = "/" if page == "overview" else f"/{page}"
    admin.visit(path + queries.get(page, "")).settled()
    admin.page.get_by_role("heading", level=1).first.wait_for()
    assert _violations(admin.settled()) == []


def test_the_dialogs_of_an_order_have_no_accessibility_violation(admin: Person, shop: Shop) -> None:
    wanted = draft(add_customer(shop), lines=(LineItem("Assam tea", 2, 2500),), status=OrderStatus.PENDING)
    order = orders.place_order(shop, ADMIN, wanted, orders.new_idempotency_key(shop)).order
    order = record_payment(shop, ADMIN, ref(order), 1000)
    fulfil_order(shop, ADMIN, ref(order), (1,), Tracking("DHL", "44110099"), "P1")
    admin.visit(f"/order?customer={order.customer_id}&id={order.id}").settled()
    for label in ("Record payment", "Fulfil", "Refund", "Note return"):
        admin.page.get_by_role("button", name=label, exact=True).first.click()
        admin.page.get_by_role("dialog").wait_for()
        assert (label, _violations(admin.settled())) == (label, [])
        admin.page.keyboard.press("Escape")
        admin.page.get_by_role("dialog").wait_for(state="hidden")
        admin.settled()


def test_menus_of_a_list_have_no_accessibility_violation(admin: Person, queries: Mapping[str, str]) -> None:
    admin.visit("/orders?columns=number&columns=tracking&columns=payment").settled()
    for label in ("Views", "Export"):
        admin.presses(label)
        assert (label, _violations(admin)) == (label, [])
        admin.page.keyboard.press("Escape")
    admin.main.locator("summary").first.click()
    assert _violations(admin.settled()) == []


def test_setting_up_a_second_factor_has_no_accessibility_violation(admin: Person) -> None:
    admin.visit("/account").settled().presses("Set up").sees("Scan the picture")
    assert _violations(admin) == []


def _violations(person: Person) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(person.page, options=_OPTIONS).response["violations"]
    return [
        f"{violation['id']}: {node['target']} {node['html'][:300]} {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
        if not _is_of_streamlit(violation["id"], f"{node['target']} {node['html']}")
    ]


def _is_of_streamlit(rule: str, element: str) -> bool:
    return any(rule == known and part in element for known, part in _OF_STREAMLIT)
