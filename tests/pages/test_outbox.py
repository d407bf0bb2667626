"""The local outbox, read as in a mail program."""

from __future__ import annotations

import pytest
import streamlit as st

from backend.domain.team import Role
from pages.components.messages import outbox
from pages.components.ui import navigation
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver_waiting, request
from tests.pages.reading import buttons, links, press, said
from tests.support import STAFF, add_customer


def test_an_empty_outbox_says_what_to_do(dashboard: Dashboard) -> None:
    app = dashboard.open("outbox.py", Role.STAFF)
    assert not app.exception
    assert "The outbox is empty" in said(app)
    assert "Send an email" in links(app)


def test_an_email_is_unread_until_it_is_opened(dashboard: Dashboard) -> None:
    message = request(dashboard.shop, add_customer(dashboard.shop, "Maria", "maria@example.com"))
    deliver_waiting(dashboard.shop)
    app = dashboard.open("outbox.py", Role.ENGINEER)
    assert "1 email, 1 unread." in said(app)
    assert "No email is open" in said(app)
    assert "maria@example.com" in said(app)
    press(app, "Please confirm your email address")
    assert "1 email, 0 unread." in said(app)
    assert "To maria@example.com" in said(app)
    assert links(app)["Open it in the message log"] == {"id": [message.id]}
    assert any("X-Tillpost-Message" in code.value for code in app.code)


def test_what_the_simulator_did_is_shown(dashboard: Dashboard) -> None:
    request(dashboard.shop, add_customer(dashboard.shop, "Bea", "bounce@simulator.amazonses.com"))
    deliver_waiting(dashboard.shop)
    app = dashboard.open("outbox.py", Role.STAFF)
    assert "Simulated: Bounced" in said(app)


@pytest.mark.parametrize("role", [Role.STAFF, Role.ENGINEER, Role.ADMIN])
def test_clearing_asks_first_and_is_for_those_who_keep_mail_running(dashboard: Dashboard, role: Role) -> None:
    request(dashboard.shop, add_customer(dashboard.shop))
    deliver_waiting(dashboard.shop)
    assert "Clear the outbox" not in buttons(dashboard.open("outbox.py", Role.MANAGER))
    app = press(dashboard.open("outbox.py", role), "Clear the outbox")
    assert outbox.outbox().counts() == (1, 1)
    press(app, "Delete all")
    assert outbox.outbox().counts() == (0, 0)
    assert "The outbox is empty" in said(app)


def test_an_email_that_is_gone_is_reported(dashboard: Dashboard) -> None:
    request(dashboard.shop, add_customer(dashboard.shop))
    deliver_waiting(dashboard.shop)
    for wrong in ("nothing", "../../etc/passwd", "x" * 5000):
        app = dashboard.open("outbox.py", Role.STAFF, id=wrong)
        assert not app.exception
        assert "This email no longer exists" in said(app)


def test_the_outbox_is_in_the_menu_only_where_emails_go_there(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    (entry,) = [each for each in navigation.PAGES if each.file == "outbox.py"]
    assert navigation.shown_to(STAFF, entry)
    monkeypatch.setenv("MAIL_TRANSPORT", "ses")
    st.cache_resource.clear()
    assert not navigation.shown_to(STAFF, entry)
    app = dashboard.open("outbox.py", Role.STAFF)
    assert "No outbox in use" in said(app)
