"""The page of the team: members are added with an invitation, and invited later."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from backend.domain.team import Member, Role
from backend.services.context import Shop
from backend.services.sending.by_hand import last_invitation
from backend.services.team import password_links
from backend.services.team.members import find_member
from pages.components.ui.state import SESSION
from tests.pages.dashboard import Dashboard
from tests.pages.reading import field, press, said
from tests.services.signing import PASSWORD


def found(shop: Shop, username: str) -> Member:
    member = find_member(shop, username)
    assert member is not None
    return member


def add(dashboard: Dashboard, *, invited: bool) -> AppTest:
    app = dashboard.open("team.py", Role.ADMIN)
    for label, value in {"Name": "Olga Petrova", "Email address": "olga@example.com", "Username": "olga"}.items():
        field(app, label).set_value(value)
    app.checkbox[0].set_value(invited)
    press(app, "Add")
    assert not app.exception
    assert "?set_password=olga." in app.code[0].value
    return app


def test_a_new_member_is_invited_unless_asked_otherwise(dashboard: Dashboard) -> None:
    add(dashboard, invited=True)
    invitation = last_invitation(dashboard.shop, found(dashboard.shop, "olga"))
    assert invitation is not None
    assert invitation.to == "olga@example.com"


def test_a_member_who_was_not_invited_is_invited_later_once(dashboard: Dashboard) -> None:
    app = add(dashboard, invited=False)
    olga = found(dashboard.shop, "olga")
    assert last_invitation(dashboard.shop, olga) is None
    (member,) = [each for each in app.selectbox if each.label == "Member"]
    member.set_value("olga").run()
    press(app, "Send an invitation")
    first = last_invitation(dashboard.shop, olga)
    assert first is not None
    assert "Invited on" in said(app)
    press(app, "Invite again")
    assert "was invited before. Say why" in said(app)
    assert last_invitation(dashboard.shop, olga) == first
    field(app, "Reason for sending again").set_value("Deleted it")
    press(app, "Invite again")
    second = last_invitation(dashboard.shop, olga)
    assert second is not None
    assert second.reason == "Sent again: Deleted it"


def test_a_member_sets_the_password_by_the_link_that_the_admin_got(dashboard: Dashboard) -> None:
    token = add(dashboard, invited=False).code[0].value.partition("?set_password=")[2]
    app = dashboard.open("account.py", set_password=token)
    assert "username olga, olga@example.com" in said(app)
    field(app, "New password").set_value(PASSWORD)
    field(app, "Confirm new password").set_value(PASSWORD)
    press(app, "Set password")
    assert app.session_state[SESSION.key].username == "olga"
    again = dashboard.open("account.py", set_password=token)
    assert password_links.OVER in said(again)
    assert [each.label for each in again.text_input] == ["Username", "Password"]
