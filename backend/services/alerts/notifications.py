"""Notifies people of alerts, by email through the ledger and by a webhook.

A process claims the alert first. The emails have an idempotency key made of the alert and its step, so they are sent
once even when a process dies after requesting them. A webhook has no such key: it may then be called twice.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from loguru import logger

from backend.domain.alerts import BY_NAME, Alert, AlertSettings, Reading, RuleName, Stage
from backend.domain.ids import new_entry_id
from backend.domain.team import THE_ALERTS, Actor, Permission
from backend.email.web import HttpWeb, Reach, Unreached
from backend.errors import BackendError
from backend.services.alerts import states
from backend.services.alerts.settings import get_alert_settings, recipients_of
from backend.services.audit import log as audit_log
from backend.services.sending.requests import SendRequest, request_message
from backend.services.system.installation import System

TEMPLATE = "alert"
_CLAIM = timedelta(seconds=60)
_MOST_ATTEMPTS = 5
_FIRST_RETRY = timedelta(seconds=30)


def notify_all(system: System) -> int:
    """Notifies people of every alert that is waiting; returns of how many."""
    shop, settings = system.shop, get_alert_settings(system.shop)
    quiet = settings.is_quiet(shop.clock().astimezone(shop.zone).time())
    waiting = [alert for alert in states.current_alerts(shop) if alert.needs_notice]
    return sum(_notify(system, settings, alert) for alert in waiting if not quiet or is_urgent(alert))


def is_urgent(alert: Alert) -> bool:
    """Whether it is notified in quiet hours too. A test is: somebody is waiting for it."""
    return alert.rule is RuleName.TEST or BY_NAME[alert.rule].urgent


def send_test(system: System, actor: Actor, test_id: str = "") -> str:
    """Has the worker send a test to all recipients; returns its id. The same id makes one test.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.EDIT_ALERTS)
    identity = test_id or new_entry_id()
    sentence = "This is a test. Nothing is wrong; this is how you are notified of alerts."
    if states.open_alert(system.shop, Reading(RuleName.TEST, identity, 0.0, sentence), identity):
        audit_log.note(system.shop, actor, "tested the alerts", f"alert:{identity}")
    return identity


def text_of(alert: Alert) -> str:
    """The text that is posted to a webhook, in a line or two."""
    marks = {Stage.OPEN: "🔴", Stage.REMINDED: "🔴", Stage.RECOVERED: "🟢"}
    mark = "🔵" if alert.rule is RuleName.TEST else marks[alert.stage]
    return f"{mark} {alert.headline}: {_sentence(alert)}"


def _notify(system: System, settings: AlertSettings, alert: Alert) -> bool:
    mine = states.claim(system.shop, alert, system.shop.clock() + _CLAIM)
    if mine is None:
        return False
    emails = _email(system, settings, mine)
    parts = [f"{emails} emails" if emails != 1 else "1 email"] if emails else []
    if system.settings.alert_webhook_url.get_secret_value():
        outcome = _webhook(system, mine)
        if outcome == _AGAIN:
            states.hold(system.shop, mine, system.shop.clock() + _FIRST_RETRY * 4 ** (mine.attempts - 1))
            return False
        parts.append(outcome)
    notified_by = " and ".join(parts) or "nobody: no recipients and no webhook"
    # A test is over once it was notified.
    over = replace(mine, stage=Stage.RECOVERED) if mine.rule is RuleName.TEST else mine
    return states.settle(system.shop, over, notified_by)


def _email(system: System, settings: AlertSettings, alert: Alert) -> int:
    """Requests the emails; returns to how many members."""
    asked = 0
    fields = {
        "headline": alert.headline,
        "sentence": _sentence(alert),
        "since": f"{alert.opened_at.astimezone(system.shop.zone):%Y-%m-%d %H:%M} ({system.shop.zone.key})",
        "advice": BY_NAME[alert.rule].advice if alert.is_open and alert.rule in BY_NAME else "",
        "page_url": f"{system.settings.public_url}/alerts",
    }
    for member in recipients_of(system.shop, settings):
        wanted = SendRequest(TEMPLATE, f"alert-{alert.id}-{alert.step}", to=member.email, fields=fields)
        try:
            request_message(system.shop, system.mailer, THE_ALERTS, wanted)
            asked += 1
        except BackendError as error:
            logger.warning("A member cannot be notified of an alert: {}", type(error).__name__)
    return asked


_AGAIN = "again"


def _webhook(system: System, alert: Alert) -> str:
    """The outcome of the webhook call, in words, or `_AGAIN` when it is to be tried again."""
    given = system.settings
    try:
        post_text(given.alert_webhook_url.get_secret_value(), text_of(alert), loopback=given.alert_webhook_loopback)
    except WebhookError as error:
        logger.warning("The webhook could not be called for an alert: {}", error.sentence)
        if error.final or alert.attempts >= _MOST_ATTEMPTS:
            return f"no webhook ({error.sentence})"
        return _AGAIN
    return "webhook"


def _sentence(alert: Alert) -> str:
    if alert.is_open or alert.recovered_at is None:
        return alert.sentence
    minutes = (alert.recovered_at - alert.opened_at).total_seconds() / 60
    return f"It works again after {minutes:,.0f} minutes. It was: {alert.sentence}"


# --- Webhook: a line of text in the form that Slack and others accept --------------------------------------------


TIMEOUT_SECONDS = 5.0


class WebhookError(BackendError):
    """The webhook was not called, or refused. `final`: trying again will not help."""

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        super().__init__(sentence)
        self.final = final


def post_text(url: str, text: str, *, loopback: bool = False, timeout: float = TIMEOUT_SECONDS) -> None:
    """Posts once. `loopback` allows addresses of this machine, by http too; `timeout` is for all of it, in seconds.

    Raises: `WebhookError`, without the address: it is a secret.
    """
    check_url(url, loopback=loopback)
    web = HttpWeb(
        seconds=timeout, reach=Reach.PUBLIC_OR_HERE if loopback else Reach.PUBLIC, kind="The webhook for alerts"
    )
    answer = web.request(url, json.dumps({"text": text}).encode(), {"Content-Type": "application/json"})
    if isinstance(answer, Unreached):
        raise WebhookError(f"It {answer.why}.", final=answer.is_final)
    if not 200 <= answer.status < 300:
        final = answer.status < 500 and answer.status not in (408, 429)
        raise WebhookError(f"It answered with status {answer.status}.", final=final)


def check_url(url: str, *, loopback: bool = False) -> None:
    """Raises: `WebhookError` for an address that is never called."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WebhookError("ALERT_WEBHOOK_URL is not a web address.", final=True) from error
    plain = parts.scheme == "http" and loopback and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (parts.scheme == "https" or plain) or parts.username or port == 0:
        raise WebhookError("ALERT_WEBHOOK_URL has to begin with https:// and to hold no password.", final=True)
