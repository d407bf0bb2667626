"""What engineers do in a real browser: see whether everything works, deal with alerts, read the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from backend.domain.alerts import Reading, RuleName
from backend.domain.team import Role
from backend.services.alerts import states
from backend.services.alerts.settings import get_alert_settings
from backend.services.context import Shop
from tests.browser.people import Person

pytestmark = pytest.mark.browser

Arrive = Callable[..., Person]


def test_an_engineer_sees_that_everything_works_how_fast_and_what_it_costs(person: Arrive) -> None:
    engineer = person(Role.ENGINEER).sign_in("/system").sees_title("System")
    engineer.sees("All systems operational").sees(re.compile("server on .*, process")).sees("heartbeat")
    for view, words in (("Speed", "Slowest actions"), ("Cost", "Store, forecast"), ("Log", "The last 500 records")):
        engineer.page.get_by_role("radio", name=view).or_(engineer.page.get_by_role("button", name=view)).first.click()
        engineer.settled().sees(re.compile(words))


def test_an_engineer_adjusts_a_rule_tests_the_alerts_and_finds_both_in_the_audit_log(
    person: Arrive, shop: Shop
) -> None:
    engineer = person(Role.ENGINEER).sign_in("/alerts").sees_title("Alerts")
    engineer.sees("No alert is open")
    engineer.page.get_by_role("button", name="Adjust").nth(3).click()
    engineer.settled().types("Threshold in %", "2.5").presses("Save").sees("Over 2.5%")
    assert get_alert_settings(shop).rules["bounces"].threshold == 2.5
    engineer.presses("Send a test").sees(re.compile("Test alert requested"))
    engineer.page.reload()
    engineer.sees_title("Alerts").settled().sees(re.compile("Test, "))
    engineer.goes_to("Audit log").sees("changed an alert rule").sees("tested the alerts")
    engineer.types("Action", "rule").sees("changed an alert rule")
    assert not engineer.page.get_by_text("tested the alerts").is_visible()
    with engineer.page.expect_download() as download:
        engineer.presses("Export").presses("Download audit log (CSV)")
    assert re.fullmatch(r"audit-log-[\d-]{10}\.csv", download.value.suggested_filename)


def test_an_alert_appears_while_somebody_looks_and_goes_by_itself(person: Arrive, shop: Shop) -> None:
    engineer = person(Role.ENGINEER).sign_in("/alerts").sees("No alert is open")
    states.open_alert(shop, Reading(RuleName.EVENT_LAG, "events", 900.0, "The oldest event is 15 minutes old."))
    engineer.sees("1 alert open").sees("The oldest event is 15 minutes old.")
    (alert,) = [each for each in states.current_alerts(shop) if each.rule is RuleName.EVENT_LAG]
    states.recover(shop, alert)
    engineer.sees("No alert is open")


@pytest.mark.parametrize("path", ["/system", "/alerts", "/audit"])
def test_the_pages_for_engineers_fit_a_phone(person: Arrive, path: str) -> None:
    engineer = person(Role.ENGINEER, width=390, height=844).sign_in(path).settled()
    wider = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not engineer.page.evaluate(wider)


def test_a_manager_reads_the_audit_log_and_not_the_system(person: Arrive) -> None:
    manager = person(Role.MANAGER).sign_in("/audit").sees_title("Audit log")
    assert not {"System", "Alerts"} & set(manager.menu())
