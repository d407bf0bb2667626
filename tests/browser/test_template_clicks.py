"""Changing the text of an email takes a few clicks, also on a phone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backend.domain.team import Role
from backend.services import shop_settings
from backend.services.context import Shop
from backend.services.templates import catalogue
from tests.browser.people import Person
from tests.support import ADMIN

pytestmark = pytest.mark.browser
_COUNT = "window.clicks = 0; document.addEventListener('click', e => { window.clicks += e.isTrusted ? 1 : 0 }, true)"
NAME = "welcome"


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)], ids=["desk", "phone"])
def test_the_text_of_the_welcome_email_is_changed_and_published(
    person: Callable[..., Person], shop: Shop, width: int, height: int
) -> None:
    facts = shop_settings.get_shop_facts(shop)
    shop_settings.save_shop_facts(shop, ADMIN, replace(facts, postal_address="1 High Street"))
    number, text = catalogue.state_of(shop, NAME).number, f"Written at {width} pixels."
    staff = person(Role.STAFF, width=width, height=height).sign_in("/emails").settled()
    staff.page.evaluate(_COUNT)
    staff.follows("Welcome").sees_title("Welcome").settled()
    staff.main.get_by_text("Edit", exact=True).click()
    staff.settled().presses_one("Text")
    staff.page.get_by_role("textbox", name="Text", exact=True).fill(text)
    staff.presses("Publish").presses(f"Publish version {number + 1}").sees(f"Version {number + 1} is published.")
    assert staff.page.evaluate("window.clicks") <= 5
    assert text in catalogue.current_version(shop, NAME).source.body
