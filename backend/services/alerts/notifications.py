"""Tells people of alerts, by email through the ledger and by a webhook.

Whoever tells claims the alert first. The emails carry a key made of the alert and its step, so a process that dies
after asking for them cannot make a second one ask twice. A webhook has no such thing: it may be told twice then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from loguru import logger

from backend.domain.alerts import BY_NAME, Alert, AlertSettings, Reading, RuleName, Stage
from backend.domain.ids import new_entry_id
from backend.domain.team import THE_ALERTS, Actor, Permission
from backend.errors import BackendError
from backend.services.alerts import states
from backend.services.alerts.settings import get_alert_settings, recipients_of
from backend.services.alerts.webhook import WebhookError, post_text
from backend.services.audit import log as audit_log
from backend.services.sending.requests import SendRequest, request_message
from backend.services.system.installation import Watched

TEMPLATE = "alert"
_CLAIM = timedelta(seconds=60)
_MOST_ATTEMPTS = 5
_FIRST_RETRY = timedelta(seconds=30)


def tell_all(watched: Watched) -> int:
    """Tells of every alert that people are to be told of now; returns how many were."""
    shop, settings = watched.shop, get_alert_settings(watched.shop)
    quiet = settings.is_quiet(shop.clock().astimezone(shop.zone).time())
    waiting = [alert for alert in states.current_alerts(shop) if alert.waits_to_be_told]
    return sum(_tell(watched, settings, alert) for alert in waiting if not quiet or is_urgent(alert))


def is_urgent(alert: Alert) -> bool:
    """Whether it is told in quiet hours too. A test is: somebody waits for it."""
    return alert.rule is RuleName.TEST or BY_NAME[alert.rule].urgent


def send_test(watched: Watched, actor: Actor, test_id: str = "") -> str:
    """Has everybody told of a test, by the worker; returns its id. The same id makes one test.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.EDIT_ALERTS)
    identity = test_id or new_entry_id()
    sentence = "This is a test. Nothing is wrong; this is how you are told of alerts."
    if states.open_alert(watched.shop, Reading(RuleName.TEST, identity, 0.0, sentence), identity):
        audit_log.note(watched.shop, actor, "tested the alerts", f"alert:{identity}")
    return identity


def text_of(alert: Alert) -> str:
    """What a webhook gets to say, in a line or two."""
    marks = {Stage.OPEN: "🔴", Stage.REMINDED: "🔴", Stage.RECOVERED: "🟢"}
    mark = "🔵" if alert.rule is RuleName.TEST else marks[alert.stage]
    return f"{mark} {alert.headline}: {_sentence(alert)}"


def _tell(watched: Watched, settings: AlertSettings, alert: Alert) -> bool:
    mine = states.claim(watched.shop, alert, watched.shop.clock() + _CLAIM)
    if mine is None:
        return False
    emails = _email(watched, settings, mine)
    parts = [f"{emails} emails" if emails != 1 else "1 email"] if emails else []
    if watched.settings.alert_webhook_url.get_secret_value():
        outcome = _webhook(watched, mine)
        if outcome == _AGAIN:
            _put_off(watched, mine)
            return False
        parts.append(outcome)
    told_how = " and ".join(parts) or "nobody: no recipients and no webhook"
    # A test is over when it was told.
    over = replace(mine, stage=Stage.RECOVERED) if mine.rule is RuleName.TEST else mine
    return states.settle(watched.shop, over, told_how)


def _email(watched: Watched, settings: AlertSettings, alert: Alert) -> int:
    """Asks for the emails; returns to how many members."""
    asked = 0
    fields = {
        "headline": alert.headline,
        "sentence": _sentence(alert),
        "since": _when(watched, alert.opened_at),
        "advice": BY_NAME[alert.rule].advice if alert.is_open and alert.rule in BY_NAME else "",
        "page_url": f"{watched.settings.public_url}/alerts",
    }
    for member in recipients_of(watched.shop, settings):
        wanted = SendRequest(TEMPLATE, f"alert-{alert.id}-{alert.step}", to=member.email, fields=fields)
        try:
            request_message(watched.shop, watched.mailer, THE_ALERTS, wanted)
            asked += 1
        except BackendError as error:
            logger.warning("A member cannot be told of an alert: {}", type(error).__name__)
    return asked


_AGAIN = "again"


def _webhook(watched: Watched, alert: Alert) -> str:
    """How telling the webhook went: in words, or that it is to be tried again."""
    given = watched.settings
    try:
        post_text(given.alert_webhook_url.get_secret_value(), text_of(alert), loopback=given.alert_webhook_loopback)
    except WebhookError as error:
        logger.warning("The webhook could not be told of an alert: {}", error.sentence)
        if error.final or alert.attempts >= _MOST_ATTEMPTS:
            return f"no webhook ({error.sentence})"
        return _AGAIN
    return "webhook"


def _put_off(watched: Watched, alert: Alert) -> None:
    """The next attempt is made later, and each time four times as late."""
    states.hold(watched.shop, alert, watched.shop.clock() + _FIRST_RETRY * 4 ** (alert.attempts - 1))


def _sentence(alert: Alert) -> str:
    if alert.is_open or alert.recovered_at is None:
        return alert.sentence
    minutes = (alert.recovered_at - alert.opened_at).total_seconds() / 60
    return f"It works again after {minutes:,.0f} minutes. It was: {alert.sentence}"


def _when(watched: Watched, moment: datetime) -> str:
    return f"{moment.astimezone(watched.shop.zone):%Y-%m-%d %H:%M} ({watched.shop.zone.key})"
