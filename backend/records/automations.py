"""Automations and their triggers as items."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.domain.automations import Automation, Condition, Exit, Fact, Step, Trigger, TriggerKind
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import MalformedItemError, flag, items, number, optional_text, rows, text, texts
from backend.records.values import without_empty as compact
from backend.store import schema
from backend.store.port import Item, Key, Value


def automation_item(automation: Automation) -> Item:
    return compact(
        {
            "name": automation.name,
            "kind": automation.kind.value,
            "steps": [_step_item(step) for step in automation.steps],
            "exits": list[Value](sorted(exit_.value for exit_ in automation.exits)),
            "created_at": to_text(automation.created_at),
            "on": automation.on,
            "active_from": to_text(automation.active_from) if automation.active_from else None,
            "version": automation.version,
        }
    )


@reads(lambda automation_id, item: schema.automation_key(automation_id))
def automation_from(automation_id: str, item: Item) -> Automation:
    active_from = optional_text(item, "active_from")
    return Automation(
        id=automation_id,
        name=text(item, "name"),
        kind=TriggerKind(text(item, "kind")),
        steps=tuple(_step_from(step) for step in items(item, "steps")),
        created_at=from_text(text(item, "created_at")),
        exits=frozenset(Exit(value) for value in texts(item, "exits")),
        on=flag(item, "on"),
        active_from=from_text(active_from) if active_from else None,
        version=number(item, "version", 1),
    )


def _step_item(step: Step) -> Item:
    return compact(
        {
            "template": step.template,
            "delay": round(step.delay.total_seconds()),
            "conditions": [[condition.fact.value, condition.value] for condition in step.conditions],
            "fields": dict[str, Value](step.fields),
        }
    )


def _step_from(item: Item) -> Step:
    fields = item.get("fields", {})
    if not isinstance(fields, dict):
        raise MalformedItemError("fields is not a map")
    return Step(
        template=text(item, "template"),
        delay=timedelta(seconds=number(item, "delay", 0)),
        conditions=tuple(Condition(Fact(str(row[0])), str(row[1])) for row in rows(item, "conditions")),
        fields={name: str(value) for name, value in fields.items()},
    )


def trigger_key(trigger: Trigger) -> Key:
    return schema.trigger_key(trigger.customer_id, trigger.automation, trigger.slot)


def trigger_item(trigger: Trigger) -> Item:
    return compact(
        {
            "kind": trigger.kind.value,
            "event": trigger.event,
            "order": trigger.order_id,
            "step": trigger.step or None,
            "fired_at": to_text(trigger.fired_at),
            **due_attributes(trigger),
            "attempts": trigger.attempts or None,
            "problem": trigger.problem,
        }
    )


def due_attributes(trigger: Trigger) -> Item:
    """When the trigger is due, and with that its place in the list of work. Two of them never share a place."""
    place = f"{to_text(trigger.due_at)}#{trigger.customer_id}#{trigger.automation}#{trigger.slot}"
    return {"work": schema.trigger_line(trigger.customer_id), "work_at": place}


@reads(key_given)
def trigger_from(key: Key, item: Item) -> Trigger:
    return Trigger(
        customer_id=key.pk.removeprefix("C#"),
        automation=automation_of(key),
        kind=TriggerKind(text(item, "kind")),
        event=text(item, "event"),
        due_at=due_of(item),
        fired_at=from_text(text(item, "fired_at")),
        order_id=text(item, "order", ""),
        step=number(item, "step", 0),
        attempts=number(item, "attempts", 0),
        problem=text(item, "problem", ""),
    )


def automation_of(key: Key) -> str:
    """The automation in the key of a trigger (`T#automation#slot`) or of a backfill (`AUTO#automation`)."""
    return key.sk.split("#", 2)[1] if key.sk.startswith("T#") else key.pk.removeprefix("AUTO#")


def due_of(item: Item) -> datetime:
    return from_text(text(item, "work_at").partition("#")[0])


def is_trigger(key: Key) -> bool:
    """Whether it is a trigger; a backfill stands in the same list of work."""
    return key.sk.startswith("T#")
