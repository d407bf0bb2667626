"""Every page, opened by its address in a process that nobody has used yet, over a real connection.

Streamlit runs a file of `pages/` by itself, without the main script, until a menu was made once in the process. So the
dangerous request is the very first one, and each test here has a server to itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.bootstrap import open_shop
from backend.config import Settings
from backend.domain.team import Role
from backend.secret_file import cookie_key
from backend.services.context import Shop
from backend.services.team import members, sessions
from backend.services.team.sessions import COOKIE_NAME
from tests.engines import ROOT
from tests.server.client import Tab, tab
from tests.server.processes import dashboard_alone, dashboard_forked, whole_server
from tests.support import ADMIN, add_customer, add_order

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.name != "__init__.py")
SECRET = "Zebulon Quatermain"
SIGN_IN_KINDS = {"heading", "text_input", "button", "markdown", "alert"}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """The store that the servers of the test use, with a customer whose name must stay inside."""
    opened = open_shop(Settings(store_url=f"sqlite:///{tmp_path}/tillpost.db", data_dir=tmp_path))
    add_order(opened, add_customer(opened, SECRET))
    members.add_member(opened, ADMIN, username="ada", name="Ada", email="ada@example.com", role=Role.ADMIN)
    yield opened
    opened.store.close()


def cookie_for(shop: Shop, username: str = "ada") -> str:
    member = members.find_member(shop, username)
    assert member is not None
    settings = Settings(data_dir=shop.data_dir)
    policy = sessions.policy_of(settings, cookie_key(settings))
    return f"{COOKIE_NAME}={sessions.session_token(policy, sessions.begin_session(shop, member))}"


def shows_only_the_sign_in(seen: Tab) -> None:
    inputs = [text for kind, text in seen.elements() if kind == "text_input"]
    assert inputs == ["Username", "Password"]
    assert [text for kind, text in seen.elements() if kind == "heading"] == ["My shop", "Sign in"]
    assert seen.kinds() <= SIGN_IN_KINDS
    assert SECRET.encode() not in seen.raw()


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("page", PAGES)
def test_the_first_request_ever_for_a_page_shows_only_the_sign_in(tmp_path: Path, page: str) -> None:
    with dashboard_forked(tmp_path) as server, tab(server.port) as visitor:
        shows_only_the_sign_in(visitor.open(page))


def test_the_probe_would_see_a_page_that_forgot_the_gate(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "careless.py").write_text("import streamlit as st\nst.title('everybody sees this')\n")
    main = tmp_path / "streamlit_app.py"
    main.write_text("import streamlit as st\nst.navigation([st.Page('pages/careless.py')])\nst.title('Sign in')\n")
    with dashboard_forked(tmp_path, script=main) as server, tab(server.port) as visitor:
        assert "everybody sees this" in visitor.open("careless").texts()


def test_the_whole_server_runs_the_main_script_for_the_first_request_too(tmp_path: Path, shop: Shop) -> None:
    with whole_server(tmp_path) as server:
        with tab(server.port) as visitor:
            shows_only_the_sign_in(visitor.open("team"))
        with tab(server.port, cookie=cookie_for(shop)) as ada:
            assert "Team" in ada.open("team").texts()
            assert "Sign out" in ada.texts()
            assert "component_instance" not in ada.kinds()  # the cookie's component is for signing in and out only
            assert "page_not_found" not in {message.WhichOneof("type") for message in ada.messages}


def test_somebody_signed_in_who_opens_a_page_first_of_all_gets_it_with_its_menu(tmp_path: Path, shop: Shop) -> None:
    with dashboard_alone(tmp_path) as server, tab(server.port, cookie=cookie_for(shop)) as ada:
        ada.open("account")
        assert {"Your account", "Sign out"} <= set(ada.texts())


def test_signing_out_in_one_browser_ends_the_other_browsers_and_their_cookies(tmp_path: Path, shop: Shop) -> None:
    cookie = cookie_for(shop)
    with whole_server(tmp_path) as server:
        with tab(server.port, cookie=cookie) as one, tab(server.port, cookie=cookie) as other:
            assert "Your account" in one.open("account").texts()
            assert "Your account" in other.open("account").texts()
            sessions.sign_out(shop, sessions.begin_session(shop, _ada(shop)))
            shows_only_the_sign_in(one.open("account"))
            shows_only_the_sign_in(other.open("team"))
        with tab(server.port, cookie=cookie) as later:
            shows_only_the_sign_in(later.open("account"))
        with tab(server.port, cookie=cookie_for(shop)) as again:
            assert "Your account" in again.open("account").texts()


def _ada(shop: Shop) -> members.Member:
    member = members.find_member(shop, "ada")
    assert member is not None
    return member
