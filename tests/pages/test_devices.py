"""The list of devices on the page about one's own account, and on that of the team."""

from __future__ import annotations

from datetime import timedelta

from streamlit.testing.v1 import AppTest

from backend.domain.team import Member, Role
from backend.services.team import devices, sessions
from backend.services.team.sessions import Session
from pages.components.ui import shell
from tests.pages.dashboard import Dashboard, texts
from tests.pages.reading import press, said

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) Version/17.1 Mobile/15E148 Safari/604.1"


def with_phone(dashboard: Dashboard, member: Member) -> Session:
    """The member has signed in on a phone, an hour ago."""
    began = max(dashboard.shop.clock() - timedelta(hours=1), member.sessions_valid_from)
    session = Session(member.username, began)
    devices.note_visit(dashboard.shop, member, session, PHONE)
    return session


def is_in(session: Session) -> bool:
    return sessions.member_of(shell.current_shop(), shell.policy(), session) is not None


def signed_out(app: AppTest) -> bool:
    return "Sign in" in [header.value for header in app.header]


def test_another_device_is_signed_out_and_this_one_stays(dashboard: Dashboard) -> None:
    phone = with_phone(dashboard, dashboard.member(Role.STAFF))
    app = dashboard.open("account.py", Role.STAFF)
    assert "Safari on iPhone" in said(app)
    assert "This device" in said(app)
    press(app, "Sign out")
    assert not is_in(phone)
    assert "Safari on iPhone" not in " ".join(texts(app.run())).replace("Safari on iPhone is signed out.", "")
    press(app, "Sign out this device")
    assert signed_out(app)


def test_all_others_are_signed_out(dashboard: Dashboard) -> None:
    phone = with_phone(dashboard, dashboard.member(Role.STAFF))
    app = press(dashboard.open("account.py", Role.STAFF), "Sign out all others")
    assert not is_in(phone)
    assert [button.disabled for button in app.button if button.label == "Sign out all others"] == [True]


def test_an_admin_signs_a_member_out(dashboard: Dashboard) -> None:
    phone = with_phone(dashboard, dashboard.member(Role.STAFF))
    app = dashboard.open("team.py", Role.ADMIN)
    (member,) = [each for each in app.selectbox if each.label == "Member"]
    member.set_value("the-staff").run()
    assert "Safari on iPhone" in said(app)
    press(app, "Sign out everywhere")
    assert not is_in(phone)
