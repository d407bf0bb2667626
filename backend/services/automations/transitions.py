"""The outcomes of a trigger, one transaction each: with its message, its next step or its end, and its figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from backend.domain.automations import Automation, Ending, Exit, Fact, Trigger, variant_of
from backend.domain.messages import Message
from backend.domain.orders import Order
from backend.domain.time import to_text
from backend.errors import BackendError
from backend.records.automations import due_attributes, trigger_key
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.ledger import MessageExistsError
from backend.store import schema
from backend.store.port import AllOf, Condition, Delete, Equals, Item, Missing, Plus, Update, Write


@dataclass(frozen=True, slots=True)
class Move:
    """The writes of a move, made for a shop; `repeated` are those for a message that is in the ledger already."""

    writes: Callable[[Shop], list[Write]]
    repeated: list[Write] | None = None


def write(shop: Shop, moves: Sequence[Move]) -> int:
    """Writes the moves, each in one transaction; returns how many were not written before."""
    outcomes = shop.store.transact_each([move.writes(shop) for move in moves])
    again = [
        move.repeated or []
        for move, outcome in zip(moves, outcomes, strict=True)
        if isinstance(outcome, MessageExistsError)
    ]
    repeated = shop.store.transact_each(again) if again else []
    for outcome in [*outcomes, *repeated]:
        if outcome is not None and not isinstance(outcome, StaleReadError | MessageExistsError):
            raise outcome
    return sum(outcome is None for outcome in [*outcomes, *repeated])


def requested(trigger: Trigger, automation: Automation, now: datetime, message: Message) -> Move:
    """Adds the message to the ledger, and moves the trigger to its next step."""
    step = variant_of(trigger.step)
    return Move(
        lambda shop: [
            *ledger.request_writes(shop, message),
            _next(trigger, automation, now),
            _counted(trigger, "requested", f"requested~{step}"),
        ],
        repeated=[_next(trigger, automation, now), _counted(trigger, "repeated")],
    )


def left_out(trigger: Trigger, automation: Automation, now: datetime, fact: Fact) -> Move:
    """A condition of the step is not met."""
    return _move(_next(trigger, automation, now), _counted(trigger, "left_out", f"left_out:{fact.name.lower()}"))


def broken(trigger: Trigger, automation: Automation, now: datetime, problem: str) -> Move:
    """The email could not be composed, and is not tried again."""
    counted = _counted(trigger, "broken")
    fields: Item = {"problem": problem, "problem_at": to_text(now)}
    return _move(_next(trigger, automation, now), replace(counted, set=fields))


def tried_again(trigger: Trigger, due: datetime, problem: str) -> Move:
    """The email could not be composed now, and is tried again later."""
    later = replace(trigger, due_at=due)
    changed: Item = {**due_attributes(later), "attempts": trigger.attempts + 1, "problem": problem}
    return _move(_changed(trigger, changed))


def put_off(trigger: Trigger, last: Order, due: datetime) -> Move:
    """The customer has ordered since, so the trigger waits for the time after that order."""
    later = replace(trigger, due_at=due)
    changed: Item = {**due_attributes(later), "event": last.id, "order": last.id}
    return _move(_changed(trigger, changed))


def about(trigger: Trigger, order: Order) -> Trigger:
    """The trigger, changed to this order."""
    return replace(trigger, event=order.id, order_id=order.id)


def ended(trigger: Trigger, reason: Ending | Exit) -> Move:
    """Ends the trigger for this reason."""
    return _move(_gone(trigger), _counted(trigger, "ended", f"ended:{reason.name.lower()}"))


def forgotten(trigger: Trigger) -> Move:
    """Deletes the trigger of a deleted automation, without counting it."""
    return _move(_gone(trigger))


def _move(*writes: Write) -> Move:
    return Move(lambda _: list(writes))


def _next(trigger: Trigger, automation: Automation, now: datetime) -> Write:
    following = trigger.step + 1
    if following >= len(automation.steps):
        return _gone(trigger)
    later = replace(trigger, due_at=now + automation.steps[following].delay, step=following)
    changed: Item = {**due_attributes(later), "step": following, "event": trigger.event}
    if trigger.order_id:
        changed["order"] = trigger.order_id
    return replace(_changed(trigger, changed), remove=("attempts", "problem"))


def _changed(trigger: Trigger, changed: Item) -> Update:
    return Update(trigger_key(trigger), set=changed, condition=_as_seen(trigger), otherwise=_moved())


def _gone(trigger: Trigger) -> Delete:
    return Delete(trigger_key(trigger), _as_seen(trigger), _moved())


def _as_seen(trigger: Trigger) -> Condition:
    """At the same step and due at the same moment; every move, and every newer event, changes one of them."""
    step: Condition = Equals("step", trigger.step) if trigger.step else Missing("step")
    return AllOf((Equals("work_at", due_attributes(trigger)["work_at"]), step))


def _moved() -> BackendError:
    return StaleReadError("This was answered already.")


def _counted(trigger: Trigger, *names: str) -> Update:
    """Adds one to each of the counters, and one to `answered` at the first step."""
    names = names if trigger.step else ("answered", *names)
    key = schema.automation_stat_key(trigger.automation, trigger.customer_id)
    return Update(key, add={name: Plus(1) for name in names})
