"""A server as people start it, and people at it: each with a browser window of their own in Debian's Chromium.

Without Playwright or Chromium these tests are skipped by name; with `REQUIRE_ENGINES=all` they fail instead.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from backend.bootstrap import open_links, open_shop
from backend.config import Settings
from backend.domain.team import COMMAND_LINE, Role
from backend.services.campaigns.saved import list_campaigns
from backend.services.changes.reading import list_changes
from backend.services.context import Shop
from backend.services.customers.bulk import add_tag
from backend.services.customers.lists import CustomerFilter, list_customers
from backend.services.demo.shop import seed_demo
from backend.services.draft_orders.lists import list_drafts
from backend.services.orders.lists import orders_of
from backend.services.products.catalogue import all_products
from backend.services.sending.message_log import messages_of
from backend.services.team import members
from backend.services.triggers.active import all_automations
from tests.browser.people import PASSWORD, Person, username_of
from tests.engines import unavailable
from tests.server.processes import Server, whole_server
from tests.support import ADMIN

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SIZES = {"desk": (1280, 800), "phone": (390, 844)}
_PHONE = {
    "is_mobile": True,
    "has_touch": True,
    "user_agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Mobile Safari/537.36",
}
"""What makes a narrow window one of a phone: Streamlit asks the browser's name before it closes its menu again."""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """One browser for these tests. It ends with them, because Playwright's event loop stands in the way of others."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("browser", "Playwright is not installed (see requirements-check.txt)")
    program = next((found for name in _CHROMIUM if (found := shutil.which(name))), None)
    if program is None:
        unavailable("browser", "Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shop")


@pytest.fixture(scope="module")
def shop(folder: Path) -> Iterator[Shop]:
    """The store of the server, with somebody of each role in the team and nothing else."""
    opened = open_shop(Settings(store_url=f"sqlite:///{folder}/tillpost.db", data_dir=folder))
    for role in Role:
        name = role.value.capitalize()
        members.add_member(
            opened,
            ADMIN,
            username=username_of(role),
            name=name,
            email=f"{name}@example.com",
            role=role,
            password=PASSWORD,
        )
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def customers() -> int:
    """How many the demo shop has."""
    return 60


@pytest.fixture(scope="module")
def queries(shop: Shop, customers: int) -> Mapping[str, str]:
    """What the pages about one thing are opened with, in a demo shop."""
    links = open_links(Settings(store_url="sqlite://", data_dir=shop.data_dir), shop)
    seed_demo(shop, customers=customers, anyway=True, links=links)
    (customer,) = list_customers(shop, CustomerFilter(), limit=1).customers
    (order,) = orders_of(shop, customer.id, limit=1).orders
    draft = list_drafts(shop).drafts[0]
    add_tag(shop, ADMIN, [customer.id], "regular")
    return {
        "customer": f"?id={customer.id}",
        "order": f"?customer={customer.id}&id={order.id}",
        "draft": f"?customer={draft.customer_id}&id={draft.id}",
        "change": f"?id={list_changes(shop, ADMIN).changes[0].id}",
        "product": f"?id={all_products(shop)[0].id}",
        "message": f"?id={messages_of(shop, customer.id)[0].id}",
        "campaign": f"?id={list_campaigns(shop, COMMAND_LINE).campaigns[0].id}",
        "automation": f"?id={all_automations(shop)[0].id}",
        "segment": "?id=ready-vips",
        "template": "?name=newsletter",
        "place_order": f"?customer={customer.id}",
        "send": f"?customer={customer.id}",
    }


@pytest.fixture(scope="module")
def server(shop: Shop, folder: Path) -> Iterator[Server]:
    with whole_server(folder) as running:
        yield running


@pytest.fixture
def person(chromium: Any, server: Server) -> Iterator[Callable[..., Person]]:
    """Makes people with windows of their own; at the end none of their consoles may hold an error."""
    with ExitStack() as windows:
        people: list[Person] = []

        def arrive(role: Role, *, width: int = 1280, height: int = 800) -> Person:
            kind = _PHONE if (width, height) == _SIZES["phone"] else {}
            context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **kind)
            windows.callback(context.close)
            people.append(Person(context.new_page(), server, role))
            return people[-1]

        yield arrive
        for each in people:
            assert each.console_errors == []


@pytest.fixture(params=_SIZES)
def staff(request: pytest.FixtureRequest, person: Callable[..., Person]) -> Person:
    """Somebody who may do everything, at a desk and on a phone."""
    width, height = _SIZES[request.param]
    return person(Role.ADMIN, width=width, height=height)
