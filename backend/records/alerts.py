"""Alerts and their settings as items."""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.alerts import Adjusted, Alert, AlertSettings
from backend.records.conversion import reads
from backend.records.declared import As, Record, parts
from backend.records.values import flag, number
from backend.store import schema
from backend.store.port import Item

_THOUSANDTHS = 1000


def _rules_item(rules: Mapping[str, Adjusted]) -> Item:
    return {
        name: {"threshold": round(each.threshold * _THOUSANDTHS), "off": not each.on} for name, each in rules.items()
    }


def _rules_from(rules: Mapping[str, Item]) -> dict[str, Adjusted]:
    return {
        name: Adjusted(number(each, "threshold") / _THOUSANDTHS, not flag(each, "off")) for name, each in rules.items()
    }


_ALERT = Record(
    Alert,
    blank=("subject", "value", "sentence"),
    needed=("stage", "step", "version"),
    id="alert",
    notified_step="told",
    notified_at="told_at",
    notified_by="told_how",
    value=parts(_THOUSANDTHS),
)
_SETTINGS = Record(
    AlertSettings,
    needed=("quiet_from", "quiet_to", "remind_hours", "version"),
    keep_empty=True,
    rules=As(write=_rules_item, read=_rules_from),
)

alert_item = _ALERT.item


@reads(lambda item: schema.alert_key(str(item.get("rule")), str(item.get("subject", ""))))
def alert_from(item: Item) -> Alert:
    return _ALERT.read(item)


settings_item = _SETTINGS.item


@reads(lambda item: schema.meta_key("alerts"))
def settings_from(item: Item | None) -> AlertSettings:
    """What was saved, or what holds until somebody decides."""
    return AlertSettings() if item is None else _SETTINGS.read(item)
