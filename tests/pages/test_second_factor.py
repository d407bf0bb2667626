"""The second factor on pages: asked for at sign-in and before what matters, and set up where the shop demands it."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.team import Role
from backend.services.team import second_factor
from backend.services.team.members import set_password
from pages.components.ui import shell
from pages.components.ui.state import SESSION
from tests.pages.dashboard import Dashboard, texts
from tests.pages.reading import field, open_export, press, said
from tests.services.signing import PASSWORD, quick_hashes
from tests.support import ADMIN

pytestmark = pytest.mark.usefixtures("quick_hashes")
__all__ = ["quick_hashes"]
SECRET = second_factor.new_secret()


def code(steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(shell.current_shop().clock() + timedelta(seconds=30 * steps))


@pytest.fixture
def admin(dashboard: Dashboard) -> tuple[str, ...]:
    """The recovery codes of an admin with a second factor."""
    shop = dashboard.shop
    set_password(shop, ADMIN, dashboard.member(Role.ADMIN).username, PASSWORD)
    actor = dashboard.member(Role.ADMIN).actor
    codes = second_factor.turn_on(shop, shell.policy(), actor, SECRET, PASSWORD, code(-1), "")
    assert isinstance(codes, tuple)
    return codes


def gives_password(dashboard: Dashboard) -> AppTest:
    app = dashboard.open("account.py")
    field(app, "Username").set_value("the-admin")
    field(app, "Password").set_value(PASSWORD)
    return press(app, "Sign in")


@pytest.mark.usefixtures("admin")
def test_after_the_password_nothing_but_the_code_is_asked_for(dashboard: Dashboard) -> None:
    app = gives_password(dashboard)
    assert SESSION.key not in app.session_state
    assert [each.label for each in app.text_input] == ["Code"]
    field(app, "Code").set_value("000000")
    press(app, "Continue")
    assert "The code is wrong." in said(app)
    assert SESSION.key not in app.session_state
    field(app, "Code").set_value(code())
    press(app, "Continue")
    assert app.session_state[SESSION.key].username == "the-admin"


@pytest.mark.parametrize("page", ["team.py", "api_keys.py"])
def test_a_page_for_what_matters_asks_again_and_then_opens(
    dashboard: Dashboard, admin: tuple[str, ...], page: str
) -> None:
    app = dashboard.open(page, Role.ADMIN)
    assert [each.label for each in app.text_input] == ["Code"]
    field(app, "Code").set_value(admin[0])
    press(app, "Confirm")
    assert not app.exception
    assert "Confirm" not in [each.label for each in app.button]


def test_exports_are_offered_after_a_code(dashboard: Dashboard, admin: tuple[str, ...]) -> None:
    app = open_export(dashboard.open("customers.py", Role.ADMIN), "customers")
    assert app.get("download_button") == []
    field(app, "Code").set_value(admin[0])
    press(app, "Confirm")
    assert app.get("download_button")


def test_where_admins_must_have_one_every_page_is_its_set_up_until_they_do(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_FACTOR", "admins")
    set_password(dashboard.shop, ADMIN, dashboard.member(Role.ADMIN).username, PASSWORD)
    monkeypatch.setattr(second_factor, "new_secret", lambda: SECRET)
    app = dashboard.open("orders.py", Role.ADMIN)
    assert [each.value for each in app.title] == ["Set up a second factor"]
    field(app, "Password").set_value(PASSWORD)
    field(app, "Code").set_value(code())
    press(app, "Turn on")
    assert [each.value for each in app.title] == ["Your recovery codes"]
    assert "-" in app.code[0].value
    press(app, "I have kept them")
    assert [each.value for each in app.title] == ["Orders"]
    assert "Orders" in texts(dashboard.open("orders.py", Role.STAFF))
