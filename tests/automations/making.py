"""Short ways to automations that are on, and to what became of their triggers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from backend.domain.automations import Automation, Condition, Exit, Step, Trigger, TriggerKind
from backend.domain.messages import Message
from backend.records.automations import trigger_from
from backend.records.messages import message_from
from backend.services.automations import saved
from backend.services.automations.duty import answer_due
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.services.shop_settings import get_shop_facts, save_shop_facts
from backend.services.triggers.active import LEAD
from backend.store import schema
from tests.recount import everything
from tests.support import MANAGER, TestClock

AT_ONCE = timedelta()


def step(
    template: str = "order-confirmation",
    delay: timedelta = AT_ONCE,
    *conditions: Condition,
    **fields: str,
) -> Step:
    return Step(template, delay, tuple(conditions), fields)


def automation(
    shop: Shop,
    kind: TriggerKind = TriggerKind.ORDER_PLACED,
    *steps: Step,
    exits: Sequence[Exit] = (),
    name: str = "Say thank you",
) -> Automation:
    """An automation that is off."""
    made = Automation(saved.new_automation_id(), name, kind, steps or (step(),), shop.clock(), exits=frozenset(exits))
    return saved.create_automation(shop, MANAGER, made)


def running(
    shop: Shop,
    kind: TriggerKind = TriggerKind.ORDER_PLACED,
    *steps: Step,
    exits: Sequence[Exit] = (),
    name: str = "Say thank you",
) -> Automation:
    """An automation that is on, and listens already: the clock goes on until it does."""
    made = automation(shop, kind, *steps, exits=exits, name=name)
    on = saved.switch_on(shop, MANAGER, made.id, made.version)
    clock = shop.clock
    assert isinstance(clock, TestClock)
    clock.forward(seconds=LEAD.total_seconds())
    return on


def with_postal_address(shop: Shop) -> None:
    """What marketing mail needs."""
    facts = get_shop_facts(shop)
    save_shop_facts(shop, MANAGER, replace(facts, postal_address="1 Main Street"))


def waiting(shop: Shop) -> list[Trigger]:
    """All triggers in the store, by when they are due."""
    rows = everything(shop, schema.MAIL)
    found = [trigger_from(row.key, row.item) for row in rows if schema.is_trigger(row.key)]
    return sorted(found, key=lambda trigger: trigger.due_at)


def messages(shop: Shop) -> list[Message]:
    """All messages in the ledger, in the order of their requests."""
    rows = everything(shop, schema.MAIL)
    found = [message_from(row.key, row.item) for row in rows if row.key.sk.startswith("E#")]
    return sorted(found, key=lambda message: (message.requested_at, message.id))


def work(shop: Shop, mailer: Mailer) -> int:
    """Answers all that is due now; returns how many triggers that were."""
    total = 0
    while (answered := answer_due(shop, mailer)).triggers:
        total += answered.triggers
    return total
