"""Automations that most shops want: added to a real shop switched off, and to the demo shop switched on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.automations import Automation, Condition, Exit, Fact, Step, TriggerKind
from backend.domain.orders import OrderStatus
from backend.domain.team import Actor
from backend.records.automations import automation_item
from backend.services.automations.saved import create_automation
from backend.services.context import Shop
from backend.services.triggers import active
from backend.store import schema
from backend.store.port import Delete, Put

_SHIPPED = Condition(Fact.STATUS, OrderStatus.FULFILLED.value)
_DEMO = "demo-"
_DEMO_FIELDS: Mapping[str, Mapping[str, str]] = {
    "review-request": {"review_url": "https://example.com/reviews"},
    "win-back": {"discount_code": "WELCOME-BACK", "discount_text": "10% off your next order"},
}
"""Fields that only the demo shop can fill in advance."""


def default_automations(now: datetime, infix: str = "") -> list[Automation]:
    """The four standard automations, all off. Their ids are fixed, so that adding them again changes nothing."""

    def made(name: str, title: str, kind: TriggerKind, step: Step, exits: frozenset[Exit] = frozenset()) -> Automation:
        return Automation(f"auto-{infix}{name}", title, kind, (step,), now, exits)

    return [
        made("confirmation", "Order confirmation", TriggerKind.ORDER_PLACED, Step("order-confirmation")),
        made("shipping", "Shipping note", TriggerKind.ORDER_SHIPPED, Step("order-shipped")),
        made(
            "review",
            "Review request",
            TriggerKind.AFTER_ORDER,
            Step("review-request", timedelta(days=14), (_SHIPPED,)),
            frozenset({Exit.ORDER_REFUNDED}),
        ),
        made("win-back", "Win-back", TriggerKind.LAPSED, Step("win-back", timedelta(days=90))),
    ]


def add_defaults(shop: Shop, actor: Actor) -> list[Automation]:
    """Adds the missing ones of the four standard automations, off.

    Raises: `PermissionDeniedError`.
    """
    return [create_automation(shop, actor, automation) for automation in default_automations(shop.clock())]


def demo_automations(now: datetime) -> list[Automation]:
    """The four standard automations of the demo shop, off."""
    return [
        replace(each, steps=tuple(replace(step, fields=_DEMO_FIELDS.get(step.template, {})) for step in each.steps))
        for each in default_automations(now, _DEMO)
    ]


def add_demo_automations(shop: Shop, now: datetime, *, on: bool) -> None:
    """Adds the standard automations of the demo shop, on if emails stay on this machine."""
    for automation in demo_automations(now):
        ready = replace(automation, on=on, active_from=now if on else None)
        shop.store.put(Put(schema.automation_key(ready.id), automation_item(ready)))
    active.forget(shop)


def remove_demo_automations(shop: Shop) -> None:
    """Removes those of the demo; their waiting triggers end when they are due."""
    keys = [schema.automation_key(automation.id) for automation in demo_automations(shop.clock())]
    shop.store.write_batch([Delete(key) for key in keys])
    active.forget(shop)
