"""The states of alerts in the store. Each change is conditional on the version that was read, so one process makes it.

    (absent) ──open──► open ──remind──► open … ──recover──► recovered ──settle──► (absent)

A copy of each alert stays in the list of its month, which no decision depends on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.alerts import RECOVERED_AFTER, Alert, Reading, Stage
from backend.domain.ids import new_entry_id
from backend.domain.team import Actor, Permission
from backend.domain.time import to_text
from backend.errors import InvalidInputError
from backend.records.alerts import alert_from, alert_item
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.listing import text_in
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.limits import encode_cursor
from backend.store.port import EXPIRES, Absent, Delete, Equals, Key, Put, Query, Write, pages_of

_KEPT = timedelta(days=400)
_PATIENCE = 5
"""After so many concurrent changes a notification is not recorded, and is sent again."""


def current_alerts(shop: Shop) -> list[Alert]:
    """Open alerts, and those whose end has not been notified yet; newest first."""
    query = Query(schema.MAIL, "ALERTS", limit=500, consistent=True)
    found = readable(shop, pages_of(shop.store, query), lambda _, item: alert_from(item))
    return sorted(found, key=lambda alert: alert.opened_at, reverse=True)


def past_alerts(
    shop: Shop, month: str, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[Alert], str | None]:
    """The alerts that began in a month ("2026-11"), newest first, and the cursor of the next page.

    Raises: `InvalidInputError` when the cursor is of another list.
    """
    before = text_in(cursor, "at") if cursor else ""
    query = Query(
        schema.MAIL,
        schema.past_alerts_partition(month),
        between=("0", before or "~"),
        descending=True,
        limit=limit + (1 if before else 0),
    )
    page = shop.store.query(query)
    rows = [row for row in page.rows if row.key.sk != before]
    following = encode_cursor({"at": rows[-1].key.sk}) if page.cursor and rows else None
    return [*readable(shop, rows, lambda _, item: alert_from(item))], following


def open_alert(shop: Shop, reading: Reading, alert_id: str = "") -> bool:
    """Opens an alert about a reading; False when another process has already done so."""
    now = shop.clock()
    alert = Alert(
        reading.rule, reading.subject, alert_id or new_entry_id(), now, value=reading.value, sentence=reading.sentence
    )
    put = Put(_key(alert), alert_item(alert), Absent(), _changed())
    return _written(shop, [put, _kept(alert)])


def look_again(shop: Shop, alert: Alert, reading: Reading | None, remind_after: timedelta) -> bool:
    """Updates an alert by a new reading (None: fine again): it stays, is reminded of, or ends.

    Returns whether anything was changed.
    """
    now = shop.clock()
    if not alert.is_open:
        # Its end has not been notified yet. If it comes back, it continues as the same alert.
        return reading is not None and _change(shop, alert, _opened_again(alert, reading))
    if reading is None:
        if alert.fine_since is None:
            return _change(shop, alert, replace(alert, fine_since=now))
        if now - alert.fine_since < RECOVERED_AFTER:
            return False
        return recover(shop, alert)
    if remind_after and alert.notified_at and not alert.needs_notice and now - alert.notified_at >= remind_after:
        return _change(shop, alert, _with(replace(alert, stage=Stage.REMINDED, step=alert.step + 1), reading))
    if alert.fine_since is not None:
        return _change(shop, alert, _with(alert, reading))
    return False


def recover(shop: Shop, alert: Alert) -> bool:
    """Ends an alert. If its beginning was not notified yet (quiet hours), one notification says both."""
    now = shop.clock()
    over = replace(alert, stage=Stage.RECOVERED, recovered_at=now, step=alert.step + 1, attempts=0, held_until=None)
    return _change(shop, alert, over)


def drop(shop: Shop, alert: Alert) -> bool:
    """Removes an alert without a notification, because its rule was switched off."""
    over = replace(alert, stage=Stage.RECOVERED, recovered_at=shop.clock(), notified_by="rule switched off")
    return _written(shop, [_unmoved_delete(alert), _kept(over)])


def claim(shop: Shop, alert: Alert, until: datetime) -> Alert | None:
    """Claims an alert for this process until then; None when another process was faster."""
    if alert.held_until is not None and alert.held_until > shop.clock():
        return None
    held = replace(alert, held_until=until, attempts=alert.attempts + 1)
    return replace(held, version=held.version + 1) if _change(shop, alert, held) else None


def hold(shop: Shop, alert: Alert, until: datetime) -> bool:
    """Delays a claimed alert: no process notifies people of it before then."""
    return _change(shop, alert, replace(alert, held_until=until))


def settle(shop: Shop, alert: Alert, notified_by: str) -> bool:
    """Records that people were notified of a claimed alert; one that is over is removed from the list.

    Changes that happened in the meantime are kept, and notified next.
    """
    newest = alert
    for _ in range(_PATIENCE):
        settled = replace(
            newest,
            notified_step=alert.step,
            notified_at=shop.clock(),
            notified_by=notified_by,
            attempts=0,
            held_until=None,
        )
        is_over = settled.stage is Stage.RECOVERED and not settled.needs_notice
        if _written(shop, [_unmoved_delete(newest), _kept(settled)]) if is_over else _change(shop, newest, settled):
            return True
        item = shop.store.get(_key(alert))
        if item is None or alert_from(item).id != alert.id:
            return False
        newest = alert_from(item)
    return False


def _opened_again(alert: Alert, reading: Reading) -> Alert:
    again = replace(alert, stage=Stage.OPEN, recovered_at=None, attempts=0, held_until=None)
    # If no attempt to notify its end was made, it never ended. Otherwise it is notified again.
    return _with(replace(again, step=alert.step + 1 if alert.attempts else max(alert.notified_step, 1)), reading)


def _with(alert: Alert, reading: Reading) -> Alert:
    return replace(alert, value=reading.value, sentence=reading.sentence, fine_since=None)


def _change(shop: Shop, seen: Alert, changed: Alert) -> bool:
    changed = replace(changed, version=seen.version + 1)
    put = Put(_key(changed), alert_item(changed), Equals("version", seen.version), _changed())
    return _written(shop, [put, _kept(changed)])


def _written(shop: Shop, writes: Sequence[Write]) -> bool:
    try:
        shop.store.transact(writes)
    except StaleReadError:
        return False
    return True


def _unmoved_delete(alert: Alert) -> Delete:
    return Delete(_key(alert), Equals("version", alert.version), _changed())


def _key(alert: Alert) -> Key:
    return schema.alert_key(alert.rule.value, alert.subject)


def _kept(alert: Alert) -> Put:
    expires = int((alert.opened_at + _KEPT).timestamp())
    return Put(schema.past_alert_key(to_text(alert.opened_at), alert.id), alert_item(alert) | {EXPIRES: expires})


def _changed() -> StaleReadError:
    return StaleReadError("Somebody else was faster with this alert.")


# --- Lists for people --------------------------------------------------------------------------------------------


def list_current(shop: Shop, actor: Actor) -> list[Alert]:
    """Open alerts, and those whose end has not been notified yet; newest first.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    return current_alerts(shop)


def list_past(
    shop: Shop, actor: Actor, month: str, *, limit: int = 50, cursor: str | None = None
) -> tuple[list[Alert], str | None]:
    """The alerts that began in a month ("2026-11", UTC), newest first, and the cursor of the next page.

    Raises: `PermissionDeniedError`; `InvalidInputError` when the month is none or the cursor is of another list.
    """
    actor.require(Permission.VIEW_SYSTEM)
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise InvalidInputError("Choose a month such as 2026-11.", "month")
    return past_alerts(shop, month, limit=limit, cursor=cursor)
