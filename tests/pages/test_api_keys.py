"""The page of API keys: a key is shown once, rotated, and revoked."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from backend.domain.api_keys import Scope
from backend.domain.team import Role
from backend.services.api_keys.authentication import authenticated
from backend.services.api_keys.keys import create_key, list_keys
from tests.pages.dashboard import Dashboard
from tests.pages.reading import field, press, said
from tests.support import ADMIN


def create(dashboard: Dashboard) -> AppTest:
    app = press(dashboard.open("api_keys.py", Role.ADMIN), "Create a key")
    field(app, "Name").set_value("Online shop")
    app.multiselect[0].set_value([Scope.ORDERS_WRITE])
    return press(app, "Create")


def test_a_new_key_is_shown_until_it_is_copied(dashboard: Dashboard) -> None:
    app = create(dashboard)
    assert not app.exception
    (shown,) = (code.value for code in app.code)
    assert authenticated(dashboard.shop, shown).name == "Online shop"
    app = press(app, "I have copied it")
    assert not app.code
    assert "Online shop" in said(app)


def test_a_key_without_a_scope_is_not_created(dashboard: Dashboard) -> None:
    app = press(dashboard.open("api_keys.py", Role.ADMIN), "Create a key")
    field(app, "Name").set_value("Online shop")
    assert "at least one scope" in said(press(app, "Create"))
    assert list_keys(dashboard.shop, ADMIN) == []


def test_engineers_are_offered_the_scopes_that_they_may_give(dashboard: Dashboard) -> None:
    app = press(dashboard.open("api_keys.py", Role.ENGINEER), "Create a key")
    assert "customers:write" not in app.multiselect[0].options
    assert "suppressions:write" in app.multiselect[0].options


def test_a_key_is_rotated_and_revoked(dashboard: Dashboard) -> None:
    old = create_key(dashboard.shop, ADMIN, "Online shop", [Scope.ORDERS_READ])
    app = press(press(dashboard.open("api_keys.py", Role.ADMIN), "Rotate"), "Rotate key")
    (shown,) = (code.value for code in app.code)
    assert authenticated(dashboard.shop, old.text).replaced_by == authenticated(dashboard.shop, shown).prefix
    app.button(key=f"revoke_{old.key.prefix}").click().run()
    app = press(app, "Revoke key")
    assert "Revoked" in said(app)
