"""Automations and their triggers as items."""

from __future__ import annotations

from datetime import datetime

from backend.domain.automations import Automation, Condition, Step, Trigger
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.declared import Record, rows
from backend.records.values import text
from backend.store import schema
from backend.store.port import Item, Key

_STEP = Record(Step, conditions=rows(Condition))
_AUTOMATION = Record(Automation, given=("id",))
_TRIGGER = Record(Trigger, given=("customer_id", "automation", "due_at"), sparse=("step", "attempts"), order_id="order")

automation_item = _AUTOMATION.item


@reads(lambda automation_id, item: schema.automation_key(automation_id))
def automation_from(automation_id: str, item: Item) -> Automation:
    return _AUTOMATION.read(item, id=automation_id)


def trigger_key(trigger: Trigger) -> Key:
    return schema.trigger_key(trigger.customer_id, trigger.automation, trigger.slot)


def trigger_item(trigger: Trigger) -> Item:
    return _TRIGGER.item(trigger, **due_attributes(trigger))


def due_attributes(trigger: Trigger) -> Item:
    """When the trigger is due, and with that its place in the list of work. Two of them never share a place."""
    place = schema.place_of(to_text(trigger.due_at), trigger.customer_id, trigger.automation, trigger.slot)
    return {"work": schema.trigger_line(trigger.customer_id), "work_at": place}


@reads(key_given)
def trigger_from(key: Key, item: Item) -> Trigger:
    return _TRIGGER.read(
        item, customer_id=schema.customer_id_of(key), automation=schema.automation_id_of(key), due_at=due_of(item)
    )


def due_of(item: Item) -> datetime:
    return from_text(schema.moment_in(text(item, "work_at")))
