"""Who is notified of alerts, and at which thresholds: visible to all who may view the system, changed by engineers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import time

from backend.domain.alerts import BY_NAME, Adjusted, AlertSettings, Rule
from backend.domain.team import Actor, Member, Permission, Role
from backend.errors import ConflictError, InvalidInputError
from backend.records.alerts import settings_from, settings_item
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.team.members import members_of
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Absent, Equals, Put

_KEY = schema.meta_key("alerts")
_HIGHEST = 10_000_000.0
_LONGEST_REMINDER = 168
_DEFAULT_ROLES = (Role.ENGINEER, Role.ADMIN)


def get_alert_settings(shop: Shop) -> AlertSettings:
    """The settings as saved, or the defaults where none are saved or they cannot be read."""
    return read_one(shop, _KEY, lambda _, item: settings_from(item)) or AlertSettings()


def adjust_rule(shop: Shop, actor: Actor, name: str, adjusted: Adjusted, *, version: int) -> AlertSettings:
    """Changes one rule; `version` is that of the settings that the person has seen.

    Raises: `PermissionDeniedError`, `InvalidInputError`, `ConflictError`, `UnreadableItemError`.
    """
    actor.require(Permission.EDIT_ALERTS)
    rule = BY_NAME.get(name)
    if rule is None:
        raise InvalidInputError("There is no such rule.", "rule")
    if not math.isfinite(adjusted.threshold) or not 0 <= adjusted.threshold <= _HIGHEST:
        raise InvalidInputError(f"Choose a threshold from 0 to {_HIGHEST:,.0f}.", "threshold")
    before = _saved(shop)
    detail = f"{_words(rule, before.of(rule))}, now {_words(rule, adjusted)}"
    changed = replace(before, rules={**before.rules, rule.name: adjusted})
    return _save(shop, actor, changed, version, "changed an alert rule", f"alert:{rule.name}", detail)


def change_notifications(
    shop: Shop,
    actor: Actor,
    *,
    recipients: Sequence[str],
    quiet_from: time,
    quiet_to: time,
    remind_hours: int,
    version: int,
) -> AlertSettings:
    """Changes who is notified, and when.

    Raises: as `adjust_rule`.
    """
    actor.require(Permission.EDIT_ALERTS)
    known = {member.username for member in members_of(shop)}
    if strangers := sorted(set(recipients) - known):
        raise InvalidInputError(f"There is no member {strangers[0][:40]} in the team.", "recipients")
    if not 0 <= remind_hours <= _LONGEST_REMINDER:
        raise InvalidInputError(f"Choose 0 (never) to {_LONGEST_REMINDER} hours between reminders.", "remind_hours")
    changed = replace(
        _saved(shop),
        recipients=tuple(sorted(set(recipients))),
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        remind_hours=remind_hours,
    )
    detail = f"{len(changed.recipients) or 'default'} recipients, reminders every {remind_hours} hours"
    return _save(shop, actor, changed, version, "changed who is notified of alerts", "alert:settings", detail)


def recipients_of(shop: Shop, settings: AlertSettings) -> list[Member]:
    """Members who are notified. Disabled ones never are; without a choice all engineers and admins are."""
    members = [member for member in members_of(shop) if not member.disabled and member.email]
    if not settings.recipients:
        return [member for member in members if member.role in _DEFAULT_ROLES]
    return [member for member in members if member.username in settings.recipients]


def _saved(shop: Shop) -> AlertSettings:
    """The settings before a change. Raises: `UnreadableItemError`."""
    return settings_from(shop.store.get(_KEY))


def _save(
    shop: Shop, actor: Actor, changed: AlertSettings, seen: int, action: str, target: str, detail: str
) -> AlertSettings:
    saved = replace(changed, version=seen + 1)
    unmoved = Equals("version", seen) if seen else Absent()
    audit_entry = audit_log.entry(shop, actor, action, target, detail)
    shop.store.transact([Put(_KEY, settings_item(saved), unmoved, _overtaken()), audit_entry])
    return saved


def _words(rule: Rule, adjusted: Adjusted) -> str:
    return f"{adjusted.threshold:g} {rule.unit}".strip() if adjusted.on else "off"


def _overtaken() -> ConflictError:
    return ConflictError("Someone else has changed the alerts.")
