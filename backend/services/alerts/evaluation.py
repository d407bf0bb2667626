"""Evaluates all rules: an exceeded threshold opens an alert, a figure that is fine again ends one.

Any number of processes may do this. They take turns, and each change of an alert succeeds for one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from backend.domain.alerts import BY_NAME, Alert, AlertSettings, Reading, RuleName
from backend.domain.leases import Lease
from backend.domain.time import from_text, to_text
from backend.errors import ConditionFailedError, UnreadableItemError
from backend.records.conversion import key_given, reads
from backend.records.values import text
from backend.services.alerts import states
from backend.services.alerts.readings import readings_of
from backend.services.alerts.settings import get_alert_settings
from backend.services.context import Shop
from backend.services.system.installation import System
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import AnyOf, Below, Delete, Item, Key, Missing, Update

EVERY = timedelta(seconds=30)
_TURN = schema.meta_key("alerts-turn")


def is_my_turn(shop: Shop) -> bool:
    """Whether no process has evaluated the rules in the last half minute. If so, this process takes the turn."""
    now = shop.clock()
    free = AnyOf((Missing("next_at"), Below("next_at", to_text(now))))
    try:
        shop.store.update(Update(_TURN, set={"next_at": to_text(now + EVERY)}, condition=free))
    except (ConditionFailedError, UnreadableItemError):
        turn = read_one(shop, _TURN, _next_from)
        if turn is None or Lease(turn).shortened(now, EVERY):  # a damaged record must not block the turn
            shop.store.delete(Delete(_TURN))
        return False
    return True


@reads(key_given)
def _next_from(_: Key, item: Item) -> datetime:
    return from_text(text(item, "next_at"))


def look(system: System) -> None:
    """Reads the figures of every rule, and opens, keeps and ends alerts."""
    shop, settings = system.shop, get_alert_settings(system.shop)
    judge(shop, settings, readings_of(system))


def judge(shop: Shop, settings: AlertSettings, readings: Mapping[RuleName, Sequence[Reading]]) -> None:
    """Changes the alerts by what was read. Those of a rule without a reading stay as they are."""
    exceeded = {(each.rule, each.subject): each for each in _exceeded(settings, readings)}
    alerts = {(alert.rule, alert.subject): alert for alert in states.current_alerts(shop)}
    for place, reading in exceeded.items():
        if place not in alerts:
            states.open_alert(shop, reading)
    for place, alert in alerts.items():
        if alert.rule is RuleName.TEST:
            continue
        if not _is_on(settings, alert):
            states.drop(shop, alert)
        elif alert.rule in readings:
            states.look_again(shop, alert, exceeded.get(place), timedelta(hours=settings.remind_hours))


def _exceeded(settings: AlertSettings, readings: Mapping[RuleName, Sequence[Reading]]) -> list[Reading]:
    found: list[Reading] = []
    for name, read in readings.items():
        adjusted = settings.of(BY_NAME[name])
        if adjusted.on:
            found += [reading for reading in read if reading.value > adjusted.threshold]
    return found


def _is_on(settings: AlertSettings, alert: Alert) -> bool:
    return settings.of(BY_NAME[alert.rule]).on
