"""The Alerts page: what is open, who is told, the rules, and the test."""

from __future__ import annotations

from datetime import time

import pytest

from backend.domain.alerts import RULES, Adjusted, Reading, RuleName
from backend.domain.team import Role
from backend.services.alerts import states
from backend.services.alerts.settings import adjust_rule, get_alert_settings
from backend.services.audit import log as audit_log
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, buttons, field, press, said
from tests.support import ADMIN

QUEUE = Reading(RuleName.QUEUE, "messages", 400.0, "The first of 3 messages that are due waits for 7 minutes.")


def adjust(dashboard: Dashboard, rule: str) -> object:
    app = dashboard.open("alerts.py", Role.ENGINEER)
    return app.button(key=f"adjust_{rule}").click().run()


def test_without_alerts_it_says_so_and_lists_the_rules(dashboard: Dashboard) -> None:
    app = dashboard.open("alerts.py", Role.ENGINEER)
    assert not app.exception
    text = said(app)
    assert "No alert is open" in text
    assert all(rule.title in text and rule.what in text for rule in RULES)
    assert "the-engineer (all engineers and admins)" in text


@pytest.mark.parametrize("typed", MARKUP)
def test_an_open_alert_is_shown_with_what_to_do(dashboard: Dashboard, typed: str) -> None:
    states.open_alert(dashboard.shop, Reading(RuleName.QUEUE, "messages", 400.0, typed))
    text = said(dashboard.open("alerts.py", Role.ENGINEER))
    assert "1 alert open" in text
    assert "See whether a worker runs" in text
    assert text.count(typed) >= 2, "among the open ones, and in the history"


def test_long_thresholds_are_given_in_minutes(dashboard: Dashboard) -> None:
    shown = said(dashboard.open("alerts.py", Role.ENGINEER))
    assert ("Over 45 seconds" in shown, "Over 5 minutes" in shown, "300 seconds" in shown) == (True, True, False)


def test_a_rule_is_adjusted_and_noted(dashboard: Dashboard) -> None:
    app = adjust(dashboard, "bounces")
    field(app, "Threshold in %").set_value(2.5)
    press(app, "Save")
    assert get_alert_settings(dashboard.shop).rules == {"bounces": Adjusted(2.5)}
    assert "Over 2.5%" in said(app)
    (audit_entry,) = audit_log.list_entries(
        dashboard.shop, ADMIN, audit_log.AuditFilter(f"{dashboard.shop.clock():%Y-%m}")
    ).entries
    assert (audit_entry.actor, audit_entry.target) == ("the-engineer", "alert:bounces")


def test_a_rule_is_switched_off(dashboard: Dashboard) -> None:
    app = adjust(dashboard, "provider")
    assert not app.number_input
    app.toggle[0].set_value(False)
    press(app, "Save")
    assert not get_alert_settings(dashboard.shop).rules["provider"].on


def test_the_second_of_two_people_is_warned(dashboard: Dashboard) -> None:
    app = adjust(dashboard, "bounces")
    adjust_rule(dashboard.shop, ADMIN, "queue", Adjusted(60), version=0)
    press(app, "Save")
    assert "Someone else has changed the alerts" in said(app)
    assert get_alert_settings(dashboard.shop).rules == {"queue": Adjusted(60)}


def test_who_is_notified_is_changed(dashboard: Dashboard) -> None:
    dashboard.member(Role.MANAGER)
    app = press(dashboard.open("alerts.py", Role.ENGINEER), "Change")
    app.multiselect[0].set_value(["the-manager"])
    app.time_input[0].set_value(time(22))
    app.time_input[1].set_value(time(7))
    field(app, "Remind after hours").set_value(12)
    press(app, "Save")
    saved = get_alert_settings(dashboard.shop)
    assert (saved.recipients, saved.quiet_from, saved.quiet_to, saved.remind_hours) == (
        ("the-manager",),
        time(22),
        time(7),
        12,
    )
    assert "By email: the-manager" in said(app)
    assert "From 10:00\u202fPM to 7:00\u202fAM only urgent alerts are sent" in said(app)


def test_a_test_is_asked_for_once_by_a_double_click(dashboard: Dashboard) -> None:
    app = dashboard.open("alerts.py", Role.ENGINEER)
    press(app, "Send a test")
    assert "Test alert requested" in said(app)
    (alert,) = states.current_alerts(dashboard.shop)
    assert alert.rule is RuleName.TEST
    assert "Test, on its way" in said(app)


def test_what_is_over_stays_in_the_history(dashboard: Dashboard) -> None:
    states.open_alert(dashboard.shop, QUEUE)
    states.recover(dashboard.shop, states.current_alerts(dashboard.shop)[0])
    text = said(dashboard.open("alerts.py", Role.ENGINEER))
    assert "No alert is open" in text
    assert "Resolved after 0 s" in text


def test_nobody_else_may_look(dashboard: Dashboard) -> None:
    app = dashboard.open("alerts.py", Role.MANAGER)
    assert "may not view the system's state" in said(app)
    assert buttons(app) == []
