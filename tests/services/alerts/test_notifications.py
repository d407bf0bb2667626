"""People are told once of each thing, by email and by webhook, whatever fails and however many processes look."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.domain.alerts import Adjusted, AlertSettings, Reading, RuleName, Stage
from backend.domain.messages import Message
from backend.errors import ConflictError, InvalidInputError, PermissionDeniedError
from backend.services.alerts import notifications, readings, states
from backend.services.alerts import settings as alert_settings
from backend.services.alerts.settings import adjust_rule, change_notifications, get_alert_settings, recipients_of
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.context import Shop
from backend.services.sending.delivery import due_messages
from backend.services.team.members import disable
from tests.services.alerts.conftest import Hook, Installation, installation_on
from tests.support import ADMIN, ENGINEER, MANAGER, TestClock, outcomes_of

QUEUE = Reading(RuleName.QUEUE, "messages", 400.0, "The first of 3 messages that are due waits for 7 minutes.")
BOUNCES = Reading(RuleName.BOUNCES, "24 hours", 7.0, "14 of 200 emails of 24 hours bounced (7.00%).")
FINE = replace(QUEUE, value=0.0)


def judged(here: Installation, *read: Reading) -> None:
    """One look at figures that are given, and the telling after it."""
    found: dict[RuleName, list[Reading]] = {RuleName.QUEUE: [], RuleName.BOUNCES: []}
    for reading in read:
        found[reading.rule].append(reading)
    readings.judge(here.shop, get_alert_settings(here.shop), found)
    notifications.notify_all(here.system)


def recovered(here: Installation, *read: Reading) -> None:
    """The looks after which what is not read any more is over."""
    judged(here, *read)
    here.clock.forward(seconds=61)
    judged(here, *read)


def emails(here: Installation) -> list[Message]:
    here.clock.forward(seconds=1)
    return sorted(due_messages(here.shop, 1000)[0], key=lambda message: message.id)


def test_engineers_and_admins_are_notified_by_email_and_everybody_by_the_webhook(
    installation: Installation, hook: Hook
) -> None:
    judged(installation, QUEUE)
    assert [message.to for message in sorted(emails(installation), key=lambda message: message.to)] == [
        "the-admin@example.com",
        "the-engineer@example.com",
    ]
    assert {message.template for message in emails(installation)} == {"alert"}
    assert hook.texts == [f"🔴 Queue too old: {QUEUE.sentence}"]
    (alert,) = states.current_alerts(installation.shop)
    assert alert.notified_by == "2 emails and webhook"


def test_nothing_is_reported_twice_while_it_stays(installation: Installation, hook: Hook) -> None:
    for _ in range(10):
        judged(installation, QUEUE)
        installation.clock.forward(seconds=30)
    assert len(hook.texts) == 1
    assert len(emails(installation)) == 2


def test_the_end_is_reported_and_the_alert_goes_off_the_list(installation: Installation, hook: Hook) -> None:
    judged(installation, QUEUE)
    installation.clock.forward(minutes=5)
    recovered(installation)
    assert hook.texts[1:] == [f"🟢 Recovered: Queue too old: It works again after 6 minutes. It was: {QUEUE.sentence}"]
    assert states.current_alerts(installation.shop) == []
    assert len(emails(installation)) == 4
    recovered(installation)
    assert len(hook.texts) == 2


def test_what_flickers_is_reported_once(installation: Installation, hook: Hook) -> None:
    for _ in range(8):
        judged(installation, QUEUE)
        installation.clock.forward(seconds=25)
        judged(installation)
        installation.clock.forward(seconds=25)
    assert len(hook.texts) == 1


def test_people_are_reminded_after_some_hours(installation: Installation, hook: Hook) -> None:
    judged(installation, QUEUE)
    installation.clock.forward(hours=4)
    judged(installation, replace(QUEUE, sentence="It waits for 4 hours now."))
    judged(installation, QUEUE)
    assert hook.texts[1:] == ["🔴 Still open: Queue too old: It waits for 4 hours now."]
    assert len(emails(installation)) == 4


def test_without_reminders_nobody_is_reminded(installation: Installation, hook: Hook) -> None:
    _change_notifications(installation, remind_hours=0)
    judged(installation, QUEUE)
    installation.clock.forward(days=3)
    judged(installation, QUEUE)
    assert len(hook.texts) == 1


def test_quiet_hours_hold_back_what_is_not_urgent(installation: Installation, hook: Hook) -> None:
    _change_notifications(installation, quiet_from=time(11), quiet_to=time(13))
    judged(installation, QUEUE, BOUNCES)
    assert len(hook.texts) == 1, "the queue is urgent"
    installation.clock.forward(hours=1)
    judged(installation, QUEUE, BOUNCES)
    assert hook.texts[1].startswith("🔴 Bounce rate")


def test_what_came_and_went_in_quiet_hours_is_notified_in_one(installation: Installation, hook: Hook) -> None:
    _change_notifications(installation, quiet_from=time(11), quiet_to=time(13))
    judged(installation, BOUNCES)
    recovered(installation)
    assert hook.texts == []
    installation.clock.forward(hours=1)
    judged(installation)
    (text,) = hook.texts
    assert text.startswith("🟢 Recovered: Bounce rate: It works again after 1 minutes.")


def test_what_comes_back_before_its_end_was_reported_goes_on(installation: Installation, hook: Hook) -> None:
    judged(installation, BOUNCES)
    _change_notifications(installation, quiet_from=time(11), quiet_to=time(13))
    recovered(installation)
    judged(installation, BOUNCES)
    installation.clock.forward(hours=1)
    judged(installation, BOUNCES)
    assert len(hook.texts) == 1
    (alert,) = states.current_alerts(installation.shop)
    assert (alert.stage, alert.needs_notice) == (Stage.OPEN, False)


def test_many_processes_notify_once(shared_shop: Shop, clock: TestClock, hook: Hook) -> None:
    here = installation_on(
        shared_shop, clock, Settings(alert_webhook_url=SecretStr(hook.url), alert_webhook_loopback=True)
    )
    outcomes = outcomes_of([lambda: judged(here, QUEUE)] * 6)
    assert outcomes == [None] * 6
    assert len(hook.texts) == 1
    assert len(states.current_alerts(shared_shop)) == 1
    assert len(states.past_alerts(shared_shop, "2026-11")[0]) == 1


def test_a_webhook_that_fails_for_now_is_tried_again_later_and_emails_are_not_repeated(
    installation: Installation, hook: Hook
) -> None:
    hook.status = 503
    judged(installation, QUEUE)
    judged(installation, QUEUE)
    assert len(hook.texts) == 1
    hook.status = 200
    installation.clock.forward(seconds=31)
    judged(installation, QUEUE)
    assert len(hook.texts) == 2
    assert len(emails(installation)) == 2
    assert states.current_alerts(installation.shop)[0].notified_by == "2 emails and webhook"


def test_a_webhook_that_goes_on_failing_is_given_up(installation: Installation, hook: Hook) -> None:
    hook.status = 500
    for _ in range(12):
        judged(installation, QUEUE)
        installation.clock.forward(hours=1)
    assert len(hook.texts) == 5 + 4, "five attempts, and four of the reminder so far"
    assert "no webhook (It answered with status 500.)" in states.current_alerts(installation.shop)[0].notified_by


def test_a_webhook_that_is_gone_is_not_tried_again(installation: Installation, hook: Hook) -> None:
    hook.status = 404
    judged(installation, QUEUE)
    (alert,) = states.current_alerts(installation.shop)
    assert (alert.notified_step, alert.notified_by) == (1, "2 emails and no webhook (It answered with status 404.)")


def test_who_dies_after_asking_for_the_emails_does_not_make_them_twice(
    installation: Installation, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(notifications, "_webhook", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            judged(installation, QUEUE)
    judged(installation, QUEUE)
    assert hook.texts == [], "the one who died has claimed it for a minute"
    installation.clock.forward(seconds=61)
    judged(installation, QUEUE)
    assert len(hook.texts) == 1
    assert len(emails(installation)) == 2


def test_nobody_to_notify_is_noted(shop: Shop, clock: TestClock) -> None:
    here = installation_on(shop, clock, Settings())
    judged(here, QUEUE)
    assert states.current_alerts(shop)[0].notified_by == "nobody: no recipients and no webhook"


def test_a_rule_that_is_switched_off_takes_its_alert_along(installation: Installation, hook: Hook) -> None:
    judged(installation, QUEUE)
    adjust_rule(installation.shop, ENGINEER, "queue", Adjusted(300, on=False), version=0)
    judged(installation, QUEUE)
    assert states.current_alerts(installation.shop) == []
    assert len(hook.texts) == 1
    (past,) = states.past_alerts(installation.shop, "2026-11")[0]
    assert past.notified_by == "rule switched off"


def test_a_threshold_decides(installation: Installation) -> None:
    adjust_rule(installation.shop, ENGINEER, "queue", Adjusted(500), version=0)
    judged(installation, QUEUE)
    assert states.current_alerts(installation.shop) == []
    judged(installation, replace(QUEUE, value=500.1))
    assert len(states.current_alerts(installation.shop)) == 1


def test_changes_of_rules_are_checked_noted_and_never_overwrite_each_other(installation: Installation) -> None:
    shop = installation.shop
    first = adjust_rule(shop, ENGINEER, "bounces", Adjusted(2.5), version=0)
    assert first.rules == {"bounces": Adjusted(2.5)}
    assert get_alert_settings(shop) == first
    with pytest.raises(ConflictError):
        adjust_rule(shop, ADMIN, "bounces", Adjusted(9), version=0)
    for wrong in (-1.0, float("nan"), float("inf"), 1e12):
        with pytest.raises(InvalidInputError):
            adjust_rule(shop, ENGINEER, "bounces", Adjusted(wrong), version=1)
    with pytest.raises(InvalidInputError):
        adjust_rule(shop, ENGINEER, "unknown", Adjusted(1), version=1)
    with pytest.raises(PermissionDeniedError):
        adjust_rule(shop, MANAGER, "bounces", Adjusted(1), version=1)
    (audit_entry,) = audit_log.list_entries(shop, ENGINEER, AuditFilter("2026-11")).entries
    assert (audit_entry.target, audit_entry.detail) == ("alert:bounces", "5 %, now 2.5 %")


def test_recipients_are_members_and_disabled_ones_are_left_out(installation: Installation) -> None:
    shop = installation.shop
    with pytest.raises(InvalidInputError, match="nobody-we-know"):
        _change_notifications(installation, recipients=["nobody-we-know"])
    with pytest.raises(InvalidInputError):
        _change_notifications(installation, remind_hours=999)
    _change_notifications(installation, recipients=["the-manager", "the-engineer"])
    assert [member.username for member in recipients_of(shop, get_alert_settings(shop))] == [
        "the-engineer",
        "the-manager",
    ]
    disable(shop, ADMIN, "the-engineer")
    assert [member.username for member in recipients_of(shop, get_alert_settings(shop))] == ["the-manager"]


def test_a_test_is_reported_once_also_in_quiet_hours_and_then_it_is_over(
    installation: Installation, hook: Hook
) -> None:
    _change_notifications(installation, quiet_from=time(11), quiet_to=time(13))
    for _ in range(2):
        notifications.send_test(installation.system, ENGINEER, "TEST0001")
    judged(installation)
    judged(installation)
    (text,) = hook.texts
    assert text.startswith("🔵 Test: This is a test.")
    assert states.current_alerts(installation.shop) == []
    assert states.past_alerts(installation.shop, "2026-11")[0][0].notified_by == "2 emails and webhook"
    with pytest.raises(PermissionDeniedError):
        notifications.send_test(installation.system, MANAGER)


def test_alerts_of_a_month_are_listed_page_by_page(installation: Installation) -> None:
    for number in range(25):
        installation.clock.forward(seconds=1)
        states.open_alert(installation.shop, replace(QUEUE, subject=f"{number}"))
    first, cursor = states.past_alerts(installation.shop, "2026-11", limit=10)
    second, cursor = states.past_alerts(installation.shop, "2026-11", limit=10, cursor=cursor)
    third, end = states.past_alerts(installation.shop, "2026-11", limit=10, cursor=cursor)
    assert [alert.subject for alert in first + second + third] == [f"{number}" for number in reversed(range(25))]
    assert end is None


def test_only_who_may_see_the_system_lists_alerts(installation: Installation) -> None:
    judged(installation, QUEUE)
    assert [alert.rule for alert in states.list_current(installation.shop, ENGINEER)] == [RuleName.QUEUE]
    assert len(states.list_past(installation.shop, ENGINEER, "2026-11")[0]) == 1
    for ask in (states.list_current, lambda shop, actor: states.list_past(shop, actor, "2026-11")):
        with pytest.raises(PermissionDeniedError):
            ask(installation.shop, MANAGER)
    for month in ("november", "2026-13", ""):
        with pytest.raises(InvalidInputError):
            states.list_past(installation.shop, ENGINEER, month)


def test_settings_come_back_as_they_were_saved(installation: Installation) -> None:
    saved = _change_notifications(
        installation, quiet_from=time(21, 30), quiet_to=time(7), recipients=["the-admin"], remind_hours=12
    )
    assert get_alert_settings(installation.shop) == saved
    assert [saved.is_quiet(time(hour)) for hour in (6, 8, 21, 22)] == [True, False, False, True]
    assert not AlertSettings().is_quiet(time(0))


def _change_notifications(here: Installation, **changed: object) -> alert_settings.AlertSettings:
    before = get_alert_settings(here.shop)
    given = {
        "recipients": before.recipients,
        "quiet_from": before.quiet_from,
        "quiet_to": before.quiet_to,
        "remind_hours": before.remind_hours,
    }
    return change_notifications(here.shop, ENGINEER, **(given | changed), version=before.version)
