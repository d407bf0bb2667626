"""Triggers of events, as writes for the event's own transaction: neither is without the other.

Only what happens here fires. Orders and customers that an import or the demo brings are no news to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backend.domain.automation_rules import Event, events_of_change, events_of_placing, is_verified
from backend.domain.automations import Automation, Trigger, TriggerKind
from backend.domain.customers import Customer, address_digest
from backend.domain.orders import Order
from backend.records.automations import trigger_item, trigger_key
from backend.services.context import Shop
from backend.services.triggers.active import listening
from backend.store.port import Put, Write

JOINED = "joined"


def on_placed(shop: Shop, order: Order) -> list[Write]:
    """What automations will do about a new order."""
    return _writes(shop, order, events_of_placing(order))


def on_changed(shop: Shop, before: Order, after: Order) -> list[Write]:
    """What automations will do about a changed order."""
    return _writes(shop, after, events_of_change(before, after))


def on_joined(shop: Shop, customer: Customer) -> list[Write]:
    """What automations will do about a new customer."""
    joined = [
        put_trigger(_about_customer(automation, customer.id, JOINED, shop.clock()))
        for automation in listening(shop, TriggerKind.CUSTOMER_JOINED)
    ]
    return joined + _not_verified(shop, customer)


def on_edited(shop: Shop, before: Customer, after: Customer) -> list[Write]:
    """What automations will do about a new address of a customer."""
    return _not_verified(shop, after) if after.email != before.email else []


def _not_verified(shop: Shop, customer: Customer) -> list[Write]:
    if not customer.email or is_verified(customer):
        return []
    event = address_digest(customer.email)
    return [
        put_trigger(_about_customer(automation, customer.id, event, shop.clock()))
        for automation in listening(shop, TriggerKind.NOT_VERIFIED)
    ]


def _about_customer(automation: Automation, customer_id: str, event: str, now: datetime) -> Trigger:
    due = now + automation.steps[0].delay
    return Trigger(customer_id, automation.id, automation.kind, event, due, now)


def _writes(shop: Shop, order: Order, events: Iterable[Event]) -> list[Write]:
    now = shop.clock()
    found = [
        trigger_of(automation, order, event.id, now) for event in events for automation in listening(shop, event.kind)
    ]
    return [put_trigger(trigger) for trigger in found if not _is_long_past(trigger, now)]


def trigger_of(automation: Automation, order: Order, event: str, now: datetime) -> Trigger:
    """The trigger of an event of an order, due after the delay of the first step."""
    begin = order.placed_at if automation.kind.counts_from_order else now
    due = begin + automation.steps[0].delay
    return Trigger(order.customer_id, automation.id, automation.kind, event, due, now, order.id)


def _is_long_past(trigger: Trigger, now: datetime) -> bool:
    """An order entered with a date so old that its day has passed starts nothing that counts from that date."""
    return trigger.kind.counts_from_order and trigger.due_at <= now


def put_trigger(trigger: Trigger) -> Put:
    """The same event again begins again: its messages are in the ledger already and go out once."""
    return Put(trigger_key(trigger), trigger_item(trigger))
