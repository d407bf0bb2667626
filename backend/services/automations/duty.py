"""Answers triggers that are due. Any number of processes may do it.

The outcome of a trigger (a message in the ledger, the next step, or an end) is written in one transaction with the
trigger itself, on condition that it is unchanged. That condition is the claim: of two workers one writes, and the other
finds the work done. A killed process leaves the trigger as it was. A message is never sent twice, because its
idempotency key is made of the automation, the event and the step.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from loguru import logger

from backend.domain.automation_rules import exit_that_holds, is_taken_back, parcel_of, unmet
from backend.domain.automations import LATEST, Automation, Ending, Exit, Trigger, TriggerKind, variant_of
from backend.domain.customers import address_digest
from backend.domain.messages import Message
from backend.domain.orders import Order
from backend.domain.team import AUTOMATION
from backend.domain.time import to_text
from backend.errors import BackendError, StoreBusyError, StoreUnreachableError, UnreadableItemError
from backend.records.automations import trigger_from
from backend.services.automations import backfill, transitions
from backend.services.automations.facts import Known, facts_for
from backend.services.automations.transitions import Move
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, prepared_message
from backend.services.triggers import active
from backend.services.unreadable.items import readable_due, set_aside
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Key, Query

ROUND = 50
"""Triggers that are answered together, with one commit."""
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""When an email that could not be composed is tried again: its template may be fixed by then."""

_UNREADABLE = "Waits for a record to be repaired that cannot be read."
_OUR_SIDE = "Something went wrong on our side; the log has the details."


@dataclass(frozen=True, slots=True)
class Answered:
    """The result of a round. `more`: there are more due triggers."""

    triggers: int
    more: bool


@dataclass(frozen=True, slots=True)
class Due:
    """Due triggers, and ids of automations with a due backfill."""

    triggers: list[Trigger]
    backfills: list[str]


def answer_due(shop: Shop, mailer: Mailer) -> Answered:
    """Answers due triggers once, and does the next part of each running backfill.

    Raises: `StoreBusyError`, `StoreUnreachableError`; what was not written is done in the next round.
    """
    with access_pattern("automations"):
        due, more = due_triggers(shop, ROUND)
        answered = answer(shop, mailer, due.triggers) if due.triggers else 0
        for automation_id in due.backfills:
            _go_on(shop, automation_id)
        return Answered(answered, more)


def _go_on(shop: Shop, automation_id: str) -> None:
    """A backfill that cannot continue (no snapshot yet, another worker) does not delay the triggers."""
    found = next((each for each in active.all_automations(shop) if each.id == automation_id), None)
    try:
        backfill.go_on(shop, automation_id, found)
    except (StoreBusyError, StoreUnreachableError):
        raise
    except BackendError as error:
        logger.warning("The backfill of {} waits: {}", automation_id, error.sentence)


def due_triggers(shop: Shop, limit: int) -> tuple[Due, bool]:
    """About `limit` due triggers, and whether there are more."""
    now = to_text(shop.clock())
    lines = schema.trigger_lines()
    random.shuffle(lines)  # so that workers do not all begin with the same ones
    size = -(-limit // len(lines))
    queries = [Query(schema.MAIL, line, index="work", between=("0", now + "~"), limit=size) for line in lines]
    found, more = readable_due(shop, queries, _due_at)
    # The list may lag behind the triggers themselves.
    due = [each for each in found if isinstance(each, Trigger) and each.due_at <= shop.clock()]
    return Due(due, [each for each in found if isinstance(each, str)]), more


def _due_at(key: Key, item: Item) -> Trigger | str:
    """The trigger, or the automation whose backfill it is."""
    return trigger_from(key, item) if schema.is_trigger(key) else schema.automation_id_of(key)


def answer(shop: Shop, mailer: Mailer, triggers: Sequence[Trigger]) -> int:
    """Answers these triggers; returns how many no other worker had answered."""
    automations = {automation.id: automation for automation in active.all_automations(shop)}
    decided: list[Move] = []
    open_: list[tuple[Trigger, Automation]] = []
    for trigger in triggers:
        automation = automations.get(trigger.automation)
        if automation is None and shop.store.get(schema.automation_key(trigger.automation)) is not None:
            decided.append(_until_repaired(shop, trigger))
        elif automation is None:
            decided.append(transitions.forgotten(trigger))
        elif ending := _ending(shop, trigger, automation):
            decided.append(transitions.ended(trigger, ending))
        else:
            open_.append((trigger, automation))
    return transitions.write(shop, decided + _decided_each(shop, mailer, open_))


def _ending(shop: Shop, trigger: Trigger, automation: Automation) -> Ending | None:
    """What ends a trigger, independent of the facts."""
    if not automation.on:
        return Ending.OFF
    if trigger.kind is not automation.kind or trigger.step >= len(automation.steps):
        return Ending.CHANGED
    if shop.clock() - trigger.due_at > LATEST:
        return Ending.TOO_LATE
    return None


def _decided_each(shop: Shop, mailer: Mailer, open_: Sequence[tuple[Trigger, Automation]]) -> list[Move]:
    """Reads the facts for all together, or one by one when something cannot be read."""
    if not open_:
        return []
    try:
        known = facts_for(shop, open_)
    except (StoreBusyError, StoreUnreachableError):
        raise
    except Exception as error:
        if len(open_) > 1:
            return [move for each in open_ for move in _decided_each(shop, mailer, [each])]
        ((trigger, automation),) = open_
        if isinstance(error, UnreadableItemError):
            return [_until_repaired(shop, trigger, error)]
        logger.exception("{}: what a trigger of {} asks for cannot be read", automation.id, trigger.customer_id)
        return [_failed(shop, trigger, automation, _OUR_SIDE)]
    return [
        _decided_safely(shop, mailer, trigger, automation, each)
        for (trigger, automation), each in zip(open_, known, strict=True)
    ]


def _decided_safely(shop: Shop, mailer: Mailer, trigger: Trigger, automation: Automation, known: Known | None) -> Move:
    """One trigger that cannot be answered does not block the others."""
    try:
        return _decided(shop, mailer, trigger, automation, known)
    except (StoreBusyError, StoreUnreachableError):
        raise
    except UnreadableItemError as error:
        return _until_repaired(shop, trigger, error)
    except BackendError as error:
        return _failed(shop, trigger, automation, error.sentence)
    except Exception:
        logger.exception("{}: a trigger of {} could not be answered", trigger.automation, trigger.customer_id)
        return _failed(shop, trigger, automation, _OUR_SIDE)


def _until_repaired(shop: Shop, trigger: Trigger, error: UnreadableItemError | None = None) -> Move:
    """Retries the trigger until it is too late, without a limit."""
    if error is not None:
        set_aside(shop, Key(*error.key), error.reason)
    return transitions.tried_again(trigger, shop.clock() + RETRIES[-1], _UNREADABLE)


def _failed(shop: Shop, trigger: Trigger, automation: Automation, sentence: str) -> Move:
    if trigger.attempts < len(RETRIES):
        return transitions.tried_again(trigger, shop.clock() + RETRIES[trigger.attempts], sentence)
    return transitions.broken(trigger, automation, shop.clock(), sentence)


def _decided(shop: Shop, mailer: Mailer, trigger: Trigger, automation: Automation, known: Known | None) -> Move:
    if known is None:
        return transitions.ended(trigger, Ending.GONE)
    now = shop.clock()
    if trigger.kind is TriggerKind.LAPSED and trigger.step == 0:
        last = known.last
        if last is None:
            return transitions.ended(trigger, Exit.ORDER_CANCELLED)
        if last.placed_at + automation.steps[0].delay > now:
            return transitions.put_off(trigger, last, last.placed_at + automation.steps[0].delay)
        known = replace(known, facts=replace(known.facts, order=last))
        trigger = transitions.about(trigger, last)
    if left := exit_that_holds(automation.all_exits, known.facts):
        return transitions.ended(trigger, left)
    if void := _void(trigger, known):
        return transitions.ended(trigger, void)
    step = automation.steps[trigger.step]
    if condition := unmet(step.conditions, known.facts):
        return transitions.left_out(trigger, automation, now, condition.fact)
    return transitions.requested(
        trigger, automation, now, _message(shop, mailer, trigger, automation, known.facts.order)
    )


def _void(trigger: Trigger, known: Known) -> Ending | None:
    """Why the event that started it does not apply any more."""
    if is_taken_back(trigger.kind, known.facts.order, trigger.event):
        return Ending.TAKEN_BACK
    email = known.facts.customer.email
    if trigger.kind is TriggerKind.NOT_VERIFIED and trigger.event != (address_digest(email) if email else ""):
        return Ending.OTHER_ADDRESS  # which has a trigger of its own
    return None


def _parcel_id(trigger: Trigger, order: Order | None) -> str | None:
    """The parcel that the email is about: that of the event, or none when the whole order was marked as fulfilled."""
    if trigger.kind is not TriggerKind.ORDER_SHIPPED or order is None:
        return None
    parcel = parcel_of(order, trigger.event)
    return parcel.id if parcel else ""


def _message(shop: Shop, mailer: Mailer, trigger: Trigger, automation: Automation, order: Order | None) -> Message:
    step = automation.steps[trigger.step]
    wanted = SendRequest(
        step.template,
        trigger.message_key,
        trigger.customer_id,
        order_id=trigger.order_id,
        fields=step.fields,
        parcel=_parcel_id(trigger, order),
    )
    message = prepared_message(shop, mailer, AUTOMATION, wanted)
    return replace(message, campaign=automation.id, variant=variant_of(trigger.step))
