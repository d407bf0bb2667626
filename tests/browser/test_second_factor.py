"""A member sets up a second factor and signs in with it, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from backend.domain.team import Role
from tests.browser.people import PASSWORD, Person, username_of

pytestmark = pytest.mark.browser


def test_a_second_factor_is_set_up_and_asked_for(person: Callable[..., Person]) -> None:
    manager = person(Role.MANAGER).sign_in("/account").sees_title("Your account").presses("Set up")
    picture = manager.page.get_by_role("img", name="QR code for an authenticator app")
    picture.wait_for()
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    totp = pyotp.TOTP(manager.main.get_by_test_id("stCode").first.inner_text().strip())
    now = datetime.now(UTC)
    manager.fills(Password=PASSWORD, Code=totp.at(now - timedelta(seconds=30))).presses("Turn on")
    manager.sees_title("Your recovery codes").presses("I have kept them").sees("10 of 10 recovery codes are left")
    manager.sign_out()
    manager.page.get_by_label("Username").fill(username_of(Role.MANAGER))
    manager.page.get_by_role("textbox", name="Password").fill(PASSWORD)
    manager.page.get_by_role("button", name="Sign in").click()
    manager.sees("Enter your code")
    assert not any(
        cookie["name"] == "tillpost_session" and cookie["value"] for cookie in manager.page.context.cookies()
    )
    manager.fills(Code=totp.at(now + timedelta(seconds=30))).page.keyboard.press("Enter")
    manager.page.get_by_test_id("stSidebar").wait_for(state="attached")
