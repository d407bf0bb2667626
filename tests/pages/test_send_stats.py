"""Send statistics as managers and engineers read them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.team import Role
from backend.email.transports.recording import LoseReply, Refuse, always
from backend.services.sending import account
from tests.pages.dashboard import Dashboard
from tests.pages.mailing import deliver, request
from tests.pages.reading import buttons, figures, press, said
from tests.support import add_customer


def test_without_emails_it_says_what_to_do(dashboard: Dashboard) -> None:
    app = dashboard.open("send_stats.py", Role.ENGINEER)
    assert not app.exception
    assert "No emails in this period" in said(app)
    shown = figures(app)
    assert (shown["Transport"], shown["Rate"], shown["Last 24 hours"]) == ("Outbox", "No limit", "No limit")


def test_volumes_failures_and_times_of_the_period_are_shown(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    deliver(shop, request(shop, add_customer(shop)))
    deliver(shop, request(shop, add_customer(shop)), always(Refuse("The address is wrong.")))
    deliver(shop, request(shop, add_customer(shop)), always(LoseReply()))
    app = dashboard.open("send_stats.py", Role.MANAGER)
    shown = figures(app)
    assert (shown["Sent"], shown["Failed"], shown["Unknown"], shown["Skipped"]) == ("1", "1", "1", "0")
    assert len(app.get("plotly_chart")) == 1
    templates, reasons = (each.value for each in app.dataframe)
    assert list(templates["Sent"]) == [1]
    assert "| until sent | under 1 s | under 1 s | under 1 s |" in said(app).replace("\u00a0", " ")
    assert "| until delivered | \u2013 | \u2013 | \u2013 |" in said(app)
    assert "No emails were skipped." in said(app)
    assert dict(zip(reasons["Reason"], zip(reasons["Failed"], reasons["Unknown"], strict=True), strict=True)) == {
        "The address is wrong.": (1, 0),
        "The reply was lost.": (0, 1),
    }


def test_emails_of_which_none_was_sent_have_no_row_of_empty_shares(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    deliver(shop, request(shop, add_customer(shop)), always(Refuse("The address is wrong.")))
    app = dashboard.open("send_stats.py", Role.MANAGER)
    assert "No email was sent in these days, apart from tests." in said(app)
    assert [list(each.value.columns) for each in app.dataframe] == [["Reason", "Failed", "Unknown"]]


def test_one_template_can_be_looked_at(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    deliver(shop, request(shop, add_customer(shop)))
    app = dashboard.open("send_stats.py", Role.MANAGER)
    (template,) = [each for each in app.selectbox if each.label == "Template"]
    template.select("Welcome").run()
    assert figures(app)["Sent"] == "0"


def test_a_pause_is_shown_and_ended_by_those_who_may(dashboard: Dashboard) -> None:
    shop = dashboard.shop
    account.pause(shop, "The account is on hold.", shop.clock() + timedelta(minutes=5))
    manager = dashboard.open("send_stats.py", Role.MANAGER)
    assert "The account is on hold." in said(manager)
    assert "Resume sending" not in buttons(manager)
    app = press(dashboard.open("send_stats.py", Role.ENGINEER), "Resume sending")
    assert not account.is_paused(shop)
    assert "The account is on hold." not in said(app)


def test_an_installation_with_limits_shows_them(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_RATE", "14")
    monkeypatch.setenv("MAIL_DAILY_QUOTA", "50000")
    shown = figures(dashboard.open("send_stats.py", Role.ENGINEER))
    assert (shown["Rate"], shown["Last 24 hours"]) == ("14 a second", "0 of 50,000")
