"""Creates triggers for customers who had lapsed before an automation was switched on, when a person requests it.

It is one item in the list of due triggers, which a worker takes repeatedly: each time it creates triggers for the next
customers, spread over some time so that other triggers are not delayed, and saves its progress. Each trigger then
checks, as any other, whether its customer is still lapsed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from loguru import logger

from backend.domain.automations import Automation, Trigger, TriggerKind
from backend.domain.segments import Day, DayField, DayTest, Group, Rule
from backend.domain.switches import BACKFILL
from backend.domain.team import Actor, Permission
from backend.domain.time import from_text, to_text
from backend.errors import AlreadyExistsError, ConditionFailedError, InvalidInputError
from backend.records.automations import trigger_item, trigger_key
from backend.records.conversion import key_given, reads
from backend.records.values import number, text
from backend.services.audit import log as audit_log
from backend.services.automations.saved import get_automation
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.segments import audience
from backend.services.switches.saved import is_on, switch_of
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Absent, AnyOf, AtLeast, Equals, Item, Key, Plus, Put, Update

CHUNK = 500
PACE = 20
"""Customers a second."""
_HELD = timedelta(seconds=30)
"""Between two looks whether it was switched on again."""
_EVENT = "backfill"


class _WaitsAlreadyError(AlreadyExistsError):
    """This customer has a trigger already."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """`written` of about `expected` customers got their trigger. It is running until it has ended."""

    asked_at: datetime
    asked_by: str
    expected: int
    written: int
    ended: bool


def lapsed_before(shop: Shop, automation: Automation) -> int:
    """How many customers have lapsed, as of the snapshot; consent and suppression are checked later.

    Raises: `SnapshotMissingError`, `SnapshotFailedError`.
    """
    return audience.count_segment(shop, _rule(automation))


def find_backfill(shop: Shop, automation_id: str) -> Backfill | None:
    """The last backfill that was requested, running or ended."""
    return read_one(shop, schema.backfill_key(automation_id), _backfill_from)


@reads(key_given)
def _backfill_from(_: Key, item: Item) -> Backfill:
    return Backfill(
        from_text(text(item, "asked_at")),
        text(item, "by"),
        number(item, "expected"),
        number(item, "n", 0),
        ended="ended_at" in item,
    )


def ask_backfill(shop: Shop, actor: Actor, automation_id: str, expected: int) -> None:
    """Requests a backfill; `expected` is the number that the person has seen. Does nothing while one is running.

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError` (the automation or the feature is off, or the
    automation is not about lapsed customers).
    """
    actor.require(Permission.EDIT_AUTOMATIONS)
    if not is_on(shop, BACKFILL, actor):
        raise InvalidInputError("This is switched off for you. An engineer or admin of your shop can switch it on.")
    automation = get_automation(shop, automation_id)
    if automation.kind is not TriggerKind.LAPSED or not automation.on:
        raise InvalidInputError("Only an automation about lapsed customers that is on can write to earlier ones.")
    now = to_text(shop.clock())
    item: Item = {"asked_at": now, "by": actor.username, "expected": expected, "after": "", **_due(automation_id, now)}
    asked = _WaitsAlreadyError("This was already requested.")
    free = AnyOf((Absent(), AtLeast("ended_at", "")))
    put = Put(schema.backfill_key(automation_id), item, free, asked)
    detail = f"{expected:,} customers who had lapsed before"
    try:
        shop.store.transact(
            [put, audit_log.entry(shop, actor, "asked for a backfill", f"automation:{automation_id}", detail)]
        )
    except _WaitsAlreadyError:
        return


def go_on(shop: Shop, automation_id: str, automation: Automation | None) -> None:
    """Does the next part of a due backfill, and ends it when it is done or its automation is off or gone.

    Raises: `SnapshotMissingError`, `SnapshotFailedError`, and what a store raises; the part is retried then.
    """
    key = schema.backfill_key(automation_id)
    item = shop.store.get(key)
    if item is None or "ended_at" in item or text(item, "work_at") > f"{to_text(shop.clock())}~":
        return
    if not switch_of(shop, BACKFILL).on:
        held = Update(key, set=_due(automation_id, to_text(shop.clock() + _HELD)), condition=_as_read(item))
        with contextlib.suppress(ConditionFailedError):
            shop.store.update(held)
        return
    wanted = automation is not None and automation.on and automation.kind is TriggerKind.LAPSED and automation.steps
    ids = _next(shop, automation, text(item, "after", "")) if automation is not None and wanted else []
    condition = _as_read(item)
    if not ids or automation is None:
        _end(shop, automation_id, condition)
        return
    written = _leave_triggers(shop, automation, ids)
    due = to_text(shop.clock() + timedelta(seconds=len(ids) / PACE))
    changed: Item = {"after": ids[-1], **_due(automation_id, due)}
    update = Update(key, set=changed, add={"n": Plus(written)}, condition=condition, otherwise=StaleReadError("Done."))
    shop.store.transact([update])


def _as_read(item: Item) -> Equals:
    return Equals("work_at", text(item, "work_at"))


def _end(shop: Shop, automation_id: str, condition: Equals) -> None:
    ended: Item = {"ended_at": to_text(shop.clock())}
    key, moved = schema.backfill_key(automation_id), StaleReadError("This part is done.")
    shop.store.transact([Update(key, set=ended, remove=("work", "work_at"), condition=condition, otherwise=moved)])
    logger.info("The backfill of {} has ended", automation_id)


def _rule(automation: Automation) -> Rule:
    days = automation.steps[0].delay // timedelta(days=1)
    return Rule(Group(parts=(Day(DayField.LAST_ORDER, DayTest.LONGER_AGO, days=days - 1),)))


def _next(shop: Shop, automation: Automation, after: str) -> list[str]:
    return next(islice(audience.audience_ids(shop, _rule(automation), CHUNK, after=after), 1), [])


def _leave_triggers(shop: Shop, automation: Automation, ids: Sequence[str]) -> int:
    """Creates a trigger for each customer without one; returns how many. Existing ones stay as they are."""
    now, there = shop.clock(), _WaitsAlreadyError("There is one already.")
    triggers = [
        Trigger(each, automation.id, automation.kind, _EVENT, now + timedelta(seconds=place / PACE), now)
        for place, each in enumerate(ids)
    ]
    outcomes = shop.store.transact_each(
        [[Put(trigger_key(trigger), trigger_item(trigger), Absent(), there)] for trigger in triggers]
    )
    for outcome in outcomes:
        if outcome is not None and not isinstance(outcome, _WaitsAlreadyError):
            raise outcome
    return outcomes.count(None)


def _due(automation_id: str, due: str) -> Item:
    return {"work": schema.trigger_line(automation_id), "work_at": schema.place_of(due, automation_id)}
