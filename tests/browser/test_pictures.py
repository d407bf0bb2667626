"""The pictures of the documents, taken of the demo shop. `make pictures` keeps them in `docs/images`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from backend.domain.campaigns import CampaignState
from backend.domain.team import COMMAND_LINE, Role
from backend.services.campaigns.saved import list_campaigns
from backend.services.context import Shop
from tests.browser.people import Person
from tests.server.processes import Server

pytestmark = pytest.mark.browser

DOCS = Path(__file__).parents[2] / "docs"
_KEPT = os.environ.get("PICTURES")
_PICTURES = {
    "overview": ("/", 1040),
    "customers": ("/customers", 900),
    "customer": ("/customer", 1100),
    "order": ("/order", 1000),
    "campaign-results": ("/campaign", 960),
    "template": ("/template", 1000),
    "insights": ("/insights", 1000),
    "send-stats": ("/send_stats", 1000),
    "automations": ("/automations", 800),
    "message": ("/message", 900),
    "system": ("/system", 1000),
    "phone": ("/orders", 844),
}
"""By the name of the file: the address of the page, and the height of the picture in pixels."""


@pytest.fixture(scope="module")
def customers() -> int:
    return 2000 if _KEPT else 60


@pytest.fixture(scope="module")
def queries(shop: Shop, queries: Mapping[str, str]) -> Mapping[str, str]:
    sent = next(
        campaign
        for campaign in list_campaigns(shop, COMMAND_LINE).campaigns
        if campaign.state is CampaignState.FINISHED
    )
    return {**queries, "campaign-results": f"?id={sent.id}"}


@pytest.fixture(scope="module")
def admin(chromium: Any, queries: Mapping[str, str], server: Server) -> Person:
    """An admin of a shop that was filled before its server started, so that insights have their snapshot."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    return Person(context.new_page(), server, Role.ADMIN).sign_in()


@pytest.mark.parametrize("name", _PICTURES)
def test_the_page_of_a_picture_has_no_incident(
    admin: Person, queries: Mapping[str, str], tmp_path: Path, name: str
) -> None:
    path, height = _PICTURES[name]
    admin.page.set_viewport_size({"width": 390 if name == "phone" else 1280, "height": height})
    admin.visit(path + queries.get(name, "")).settled()
    admin.page.get_by_role("heading", level=1).first.wait_for()
    admin.settled()
    admin.page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    admin.page.wait_for_timeout(700)  # charts draw themselves after the run of the page
    folder = Path(_KEPT) if _KEPT else tmp_path
    admin.page.screenshot(path=folder / f"{name}.png")
    assert admin.page.get_by_text("Something went wrong").count() == 0


def test_every_picture_of_the_documents_is_taken_here() -> None:
    assert {path.stem for path in (DOCS / "images").glob("*.png")} <= set(_PICTURES)
