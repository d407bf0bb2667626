"""Writes to customers who had lapsed before an automation was switched on, if a person asks for it, seeing how many.

It is one item in the list of triggers that are due, which a worker takes up again and again: each time it leaves
triggers for the next customers, spread over some time so that what happens meanwhile is not held up, and notes how far
it is. A trigger decides by itself, as any other, whether its customer still stays away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from loguru import logger

from backend.domain.automations import Automation, Trigger, TriggerKind
from backend.domain.segments import Day, DayField, DayTest, Group, Rule
from backend.domain.team import Actor, Permission
from backend.domain.time import from_text, to_text
from backend.errors import AlreadyExistsError, ConflictError, InvalidInputError
from backend.records.automations import trigger_item, trigger_key
from backend.records.conversion import key_given, reads
from backend.records.values import number, text
from backend.services.audit import log as audit_log
from backend.services.automations.saved import get_automation
from backend.services.context import Shop
from backend.services.segments import audience
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Absent, AnyOf, AtLeast, Equals, Item, Key, Plus, Put, Update

CHUNK = 500
PACE = 20
"""Customers a second."""
_EVENT = "backfill"


class _WaitsAlreadyError(AlreadyExistsError):
    """This customer's trigger is there."""


class _MovedError(ConflictError):
    """Another worker has done this part."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """The last one: `written` of about `expected` customers got their trigger. It is under way until it has ended."""

    asked_at: datetime
    asked_by: str
    expected: int
    written: int
    ended: bool


def lapsed_before(shop: Shop, automation: Automation) -> int:
    """How many customers have stayed away so long, as of the snapshot; consent and suppression are asked later.

    Raises: `SnapshotMissingError`, `SnapshotFailedError`.
    """
    return audience.count_segment(shop, _rule(automation))


def find_backfill(shop: Shop, automation_id: str) -> Backfill | None:
    """The last one that was asked for, under way or ended."""
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
    """Asks for a backfill; `expected` is the number that the person has seen. While one is under way, nothing changes.

    Raises: `PermissionDeniedError`, `NotFoundError`, `InvalidInputError` (it is off, or not about lapsed customers).
    """
    actor.require(Permission.EDIT_AUTOMATIONS)
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
    """Does the next part of a backfill that is due, and ends it when it is done or not wanted any more.

    Raises: `SnapshotMissingError`, `SnapshotFailedError`, and what a store raises; it is done again then.
    """
    key = schema.backfill_key(automation_id)
    item = shop.store.get(key)
    if item is None or "ended_at" in item or text(item, "work_at") > f"{to_text(shop.clock())}~":
        return
    wanted = automation is not None and automation.on and automation.kind is TriggerKind.LAPSED and automation.steps
    ids = _next(shop, automation, text(item, "after", "")) if automation is not None and wanted else []
    condition = Equals("work_at", text(item, "work_at"))
    if not ids or automation is None:
        _end(shop, automation_id, condition)
        return
    written = _leave_triggers(shop, automation, ids)
    due = to_text(shop.clock() + timedelta(seconds=len(ids) / PACE))
    changed: Item = {"after": ids[-1], **_due(automation_id, due)}
    update = Update(key, set=changed, add={"n": Plus(written)}, condition=condition, otherwise=_MovedError("Done."))
    shop.store.transact([update])


def _end(shop: Shop, automation_id: str, condition: Equals) -> None:
    ended: Item = {"ended_at": to_text(shop.clock())}
    key, moved = schema.backfill_key(automation_id), _MovedError("This part is done.")
    shop.store.transact([Update(key, set=ended, remove=("work", "work_at"), condition=condition, otherwise=moved)])
    logger.info("The backfill of {} has ended", automation_id)


def _rule(automation: Automation) -> Rule:
    days = automation.steps[0].delay // timedelta(days=1)
    return Rule(Group(parts=(Day(DayField.LAST_ORDER, DayTest.LONGER_AGO, days=days - 1),)))


def _next(shop: Shop, automation: Automation, after: str) -> list[str]:
    return next(islice(audience.audience_ids(shop, _rule(automation), CHUNK, after=after), 1), [])


def _leave_triggers(shop: Shop, automation: Automation, ids: Sequence[str]) -> int:
    """One for each who has none yet; returns how many. What waits already stays as it is."""
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
    return {"work": schema.trigger_line(automation_id), "work_at": f"{due}#{automation_id}"}
