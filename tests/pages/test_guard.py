"""The gate in front of every page, run without a browser. Real connections are tried in tests/server."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from backend.domain.team import Permission, Role
from backend.services.system.maintenance import WATCH, Maintenance
from backend.services.team import members, sessions
from backend.services.team.members import set_password
from pages.components.ui import navigation
from pages.components.ui.state import SESSION
from tests.pages.dashboard import ROOT, Dashboard, texts
from tests.support import ADMIN, ENGINEER, MANAGER, NOW, STAFF

PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py") if path.name != "__init__.py")
TEAM = {actor.role: actor for actor in (MANAGER, STAFF, ENGINEER, ADMIN)}
GOOD_PASSWORD = "nine-wooden-kettles"


def shows_sign_in_only(app: AppTest) -> bool:
    return [button.label for button in app.button] in (["Sign in"], ["Create"]) and not app.dataframe


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_only_the_sign_in_to_somebody_who_is_not_signed_in(dashboard: Dashboard, page: str) -> None:
    dashboard.member(Role.ADMIN)
    app = dashboard.open(page)
    assert not app.exception
    assert shows_sign_in_only(app)
    assert [field.label for field in app.text_input] == ["Username", "Password"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_in_the_menu_and_asks_for_the_permission_that_the_menu_says(
    dashboard: Dashboard, page: str
) -> None:
    entry = next(entry for entry in navigation.PAGES if entry.file == page)
    for role in Role:
        if entry.permission is not None and not dashboard.member(role).actor.may(entry.permission):
            refused = dashboard.open(page, role)
            assert [error.value for error in refused.error] == [
                f"Your role ({role.value}) may not {entry.permission}. Ask an admin if you need to."
            ]


def test_the_menu_shows_what_the_role_may_open() -> None:
    titles = {
        role: [entry.title for entry in navigation.PAGES if navigation.shown_to(actor, entry)]
        for role, actor in TEAM.items()
    }
    assert "Team" in titles[Role.ADMIN]
    assert "Team" not in titles[Role.STAFF]
    assert "Place an order" in titles[Role.STAFF]
    assert "Place an order" not in titles[Role.MANAGER]
    assert not any(navigation.shown_to(None, entry) for entry in navigation.PAGES)


def test_the_main_script_without_a_session_shows_the_sign_in(dashboard: Dashboard) -> None:
    dashboard.member(Role.ADMIN)
    assert shows_sign_in_only(dashboard.open("streamlit_app.py"))


def test_signing_in_opens_the_page_and_signing_out_closes_it(dashboard: Dashboard) -> None:
    members.add_member(
        dashboard.shop,
        ADMIN,
        username="ada",
        name="Ada",
        email="ada@example.com",
        role=Role.ADMIN,
        password=GOOD_PASSWORD,
    )
    app = dashboard.open("team.py")
    app.text_input[0].input(" ADA ")
    app.text_input[1].input(GOOD_PASSWORD)
    app.button[0].click().run()
    assert [title.value for title in app.title] == ["Team"]
    sessions.sign_out(dashboard.shop, app.session_state[SESSION.key])
    app.run()
    assert shows_sign_in_only(app)
    assert "Your session has ended. Sign in again." in texts(app)


def test_a_wrong_password_is_reported_in_a_sentence(dashboard: Dashboard) -> None:
    dashboard.member(Role.ADMIN)
    app = dashboard.open("account.py")
    app.text_input[0].input("the-admin")
    app.text_input[1].input("something else")
    app.button[0].click().run()
    assert "The username or the password is wrong." in texts(app)


def test_a_session_ends_in_a_tab_when_the_role_or_password_changes_or_the_member_is_disabled_or_removed(
    dashboard: Dashboard,
) -> None:
    shop, staff = dashboard.shop, dashboard.member(Role.STAFF).username
    dashboard.member(Role.ADMIN)
    for end in (
        lambda: members.change_role(shop, ADMIN, staff, Role.ENGINEER),
        lambda: members.change_role(shop, ADMIN, staff, Role.STAFF),
        lambda: set_password(shop, ADMIN, staff, GOOD_PASSWORD),
        lambda: members.disable(shop, ADMIN, staff),
        lambda: members.enable(shop, ADMIN, staff),
        lambda: members.remove(shop, ADMIN, staff),
    ):
        app = dashboard.open("account.py", Role.STAFF)
        end()
        assert shows_sign_in_only(app.run())


def test_nobody_in_the_team_means_that_the_first_admin_is_created(dashboard: Dashboard) -> None:
    app = dashboard.open("team.py")
    assert app.text_input[0].label == "Set-up code"
    assert "Create the first admin" in texts(app)


def test_a_fragment_passes_the_gate_on_each_of_its_own_runs(dashboard: Dashboard, tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(
        "from backend.domain.team import Permission\n"
        "from pages.components.ui.guard import guarded_fragment, require\n"
        "import streamlit as st\n"
        "require(Permission.VIEW_ORDERS)\n"
        "@guarded_fragment(Permission.VIEW_ORDERS)\n"
        "def part():\n"
        "    st.button('Again', key='again')\n"
        "    st.text('secret')\n"
        "part()\n"
    )
    app = AppTest.from_file(str(page), default_timeout=30)
    session = sessions.begin_session(dashboard.shop, dashboard.member(Role.STAFF))
    app.session_state[SESSION.key] = session
    assert [text.value for text in app.run().text] == ["secret"]
    sessions.sign_out(dashboard.shop, session)
    app.button(key="again").click().run()
    assert shows_sign_in_only(app)


def test_a_callback_meets_the_gate_before_it_does_anything(dashboard: Dashboard, tmp_path: Path) -> None:
    page = tmp_path / "page.py"
    page.write_text(
        "from backend.domain.team import Permission\n"
        "from pages.components.ui.guard import require\n"
        "import streamlit as st\n"
        "def do():\n"
        "    require(Permission.REFUND_ORDERS)\n"
        "    st.session_state.done = True\n"
        "require(Permission.VIEW_ORDERS)\n"
        "st.button('Refund', key='refund', on_click=do)\n"
    )
    app = AppTest.from_file(str(page), default_timeout=30)
    session = sessions.begin_session(dashboard.shop, dashboard.member(Role.STAFF))
    app.session_state[SESSION.key] = session
    app.run()
    sessions.sign_out(dashboard.shop, session)
    app.button(key="refund").click().run()
    assert "done" not in app.session_state
    assert shows_sign_in_only(app)


def test_fragments_are_made_by_the_guard() -> None:
    scripts = [*(ROOT / "pages").glob("*.py"), *(ROOT / "pages" / "components").rglob("*.py")]
    users = {path.name for path in scripts if "st.fragment(" in path.read_text() or "@st.fragment" in path.read_text()}
    assert users == {"guard.py"}


def test_permissions_shown_in_the_menu_are_permissions(dashboard: Dashboard) -> None:
    assert {entry.permission for entry in navigation.PAGES if entry.permission} <= set(Permission)
    assert {entry.group for entry in navigation.PAGES} <= set(navigation.GROUPS)
    assert sum(entry.default for entry in navigation.PAGES) == 1


def test_in_maintenance_pages_say_why_and_those_who_look_after_the_system_go_on(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WATCH, "now", Maintenance("Back at *22:00*.", NOW))
    shown = texts(dashboard.open("customers.py", Role.STAFF))
    assert shown == ["Maintenance: Back at *22:00*. Nothing can be changed now."]
    assert "Customers" in texts(dashboard.open("customers.py", Role.ADMIN))
