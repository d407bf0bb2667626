"""Alerts and their settings as items."""

from __future__ import annotations

from datetime import datetime, time

from backend.domain.alerts import Adjusted, Alert, AlertSettings, RuleName, Stage
from backend.domain.time import from_text, to_text
from backend.records.conversion import reads
from backend.records.values import flag, number, optional_text, text, texts, without_empty
from backend.store import schema
from backend.store.port import Item, Value

_THOUSANDTHS = 1000


def alert_item(alert: Alert) -> Item:
    return without_empty(
        {
            "rule": alert.rule.value,
            "subject": alert.subject,
            "alert": alert.id,
            "opened_at": to_text(alert.opened_at),
            "value": round(alert.value * _THOUSANDTHS),
            "sentence": alert.sentence,
            "stage": alert.stage.value,
            "step": alert.step,
            "told": alert.told,
            "told_at": _moment(alert.told_at),
            "told_how": alert.told_how,
            "fine_since": _moment(alert.fine_since),
            "recovered_at": _moment(alert.recovered_at),
            "attempts": alert.attempts,
            "held_until": _moment(alert.held_until),
            "version": alert.version,
        }
    )


@reads(lambda item: schema.alert_key(str(item.get("rule")), str(item.get("subject", ""))))
def alert_from(item: Item) -> Alert:
    return Alert(
        rule=RuleName(text(item, "rule")),
        subject=text(item, "subject", ""),
        id=text(item, "alert"),
        opened_at=from_text(text(item, "opened_at")),
        value=number(item, "value", 0) / _THOUSANDTHS,
        sentence=text(item, "sentence", ""),
        stage=Stage(text(item, "stage")),
        step=number(item, "step"),
        told=number(item, "told", 0),
        told_at=_read_moment(item, "told_at"),
        told_how=text(item, "told_how", ""),
        fine_since=_read_moment(item, "fine_since"),
        recovered_at=_read_moment(item, "recovered_at"),
        attempts=number(item, "attempts", 0),
        held_until=_read_moment(item, "held_until"),
        version=number(item, "version"),
    )


def settings_item(settings: AlertSettings) -> Item:
    rules: dict[str, Value] = {
        name: {"threshold": round(each.threshold * _THOUSANDTHS), "off": not each.on}
        for name, each in settings.rules.items()
    }
    recipients: list[Value] = list(settings.recipients)
    return {
        "rules": rules,
        "recipients": recipients,
        "quiet_from": f"{settings.quiet_from:%H:%M}",
        "quiet_to": f"{settings.quiet_to:%H:%M}",
        "remind_hours": settings.remind_hours,
        "version": settings.version,
    }


@reads(lambda item: schema.meta_key("alerts"))
def settings_from(item: Item | None) -> AlertSettings:
    """What was saved, or what holds until somebody decides."""
    if item is None:
        return AlertSettings()
    rules = item.get("rules")
    given = rules.items() if isinstance(rules, dict) else ()
    return AlertSettings(
        rules={
            name: Adjusted(number(each, "threshold") / _THOUSANDTHS, not flag(each, "off"))
            for name, each in given
            if isinstance(each, dict)
        },
        recipients=texts(item, "recipients"),
        quiet_from=time.fromisoformat(text(item, "quiet_from")),
        quiet_to=time.fromisoformat(text(item, "quiet_to")),
        remind_hours=number(item, "remind_hours"),
        version=number(item, "version"),
    )


def _moment(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None


def _read_moment(item: Item, name: str) -> datetime | None:
    value = optional_text(item, name)
    return from_text(value) if value else None
