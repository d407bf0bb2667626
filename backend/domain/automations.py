"""Automations: emails that send themselves. "When X happens, send Y after Z, if W", in one step or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.orders import OrderStatus
from backend.domain.text import clean_line
from backend.errors import InvalidInputError

PREFIX = "auto-"
"""Ids of automations begin with it; those of campaigns do not. A message names either in its `campaign`."""
MOST_AUTOMATIONS = 50
MOST_STEPS = 10
MOST_CONDITIONS = 10
LONGEST_DELAY = timedelta(days=400)
LATEST = timedelta(days=3)
"""What comes due later than this (no worker ran) is not sent any more: a thank-you of last week confuses people."""


class TriggerKind(StrEnum):
    """What starts an automation."""

    ORDER_PLACED = "order placed"
    ORDER_PAID = "order paid"
    ORDER_SHIPPED = "order shipped"
    ORDER_CANCELLED = "order cancelled"
    ORDER_REFUNDED = "order refunded"
    AFTER_ORDER = "days after an order"
    PENDING_PAYMENT = "payment pending"
    CUSTOMER_JOINED = "customer joined"
    NOT_VERIFIED = "address not verified"
    LAPSED = "no order for days"

    @property
    def about_order(self) -> bool:
        """Whether there is an order to write about; for a lapsed customer it is the last one."""
        return self not in (TriggerKind.CUSTOMER_JOINED, TriggerKind.NOT_VERIFIED)

    @property
    def counts_from_order(self) -> bool:
        """Whether the first delay begins when the order was placed, and not when the event was entered."""
        return self in (TriggerKind.AFTER_ORDER, TriggerKind.LAPSED)


class Exit(StrEnum):
    """What ends a sequence before its last step."""

    ORDER_CANCELLED = "the order was cancelled"
    ORDER_REFUNDED = "the order was refunded in full"
    ORDER_PAID = "the order was paid"
    ORDERED_AGAIN = "the customer ordered again"
    VERIFIED = "the address was confirmed"
    UNSUBSCRIBED = "the customer refused marketing"

    @property
    def about_order(self) -> bool:
        return self not in (Exit.VERIFIED, Exit.UNSUBSCRIBED)


class Ending(StrEnum):
    """Why a trigger ended without its email, beside exits."""

    OFF = "the automation was off"
    TOO_LATE = "it came due more than three days late"
    GONE = "the customer or the order is gone"
    CHANGED = "the automation was changed"
    TAKEN_BACK = "the order has changed"
    OTHER_ADDRESS = "the customer's address changed"
    CALLED_OFF = "cancelled by hand"


class Fact(StrEnum):
    """What a condition looks at, when a step is due."""

    COUNTRY = "country is"
    TAG = "has the tag"
    NO_TAG = "has not the tag"
    CONSENT = "agreed to marketing"
    SEGMENT = "is in the segment"
    SPENT = "spent in all at least"
    ORDERS_AT_LEAST = "number of orders at least"
    ORDERS_AT_MOST = "number of orders at most"
    TOTAL = "order total at least"
    STATUS = "order is"
    PRODUCT = "order contains"

    @property
    def about_order(self) -> bool:
        return self in (Fact.TOTAL, Fact.STATUS, Fact.PRODUCT)

    @property
    def is_amount(self) -> bool:
        """Whether the value is money, in minor units."""
        return self in (Fact.SPENT, Fact.TOTAL)

    @property
    def is_number(self) -> bool:
        return self.is_amount or self in (Fact.ORDERS_AT_LEAST, Fact.ORDERS_AT_MOST)


IMPLIED: Mapping[TriggerKind, frozenset[Exit]] = {
    TriggerKind.ORDER_PLACED: frozenset({Exit.ORDER_CANCELLED}),
    TriggerKind.ORDER_PAID: frozenset({Exit.ORDER_CANCELLED}),
    TriggerKind.ORDER_SHIPPED: frozenset({Exit.ORDER_CANCELLED}),
    TriggerKind.AFTER_ORDER: frozenset({Exit.ORDER_CANCELLED}),
    TriggerKind.PENDING_PAYMENT: frozenset({Exit.ORDER_CANCELLED, Exit.ORDER_PAID}),
    TriggerKind.NOT_VERIFIED: frozenset({Exit.VERIFIED}),
    TriggerKind.LAPSED: frozenset({Exit.ORDERED_AGAIN}),
}
"""Exits that belong to what started the automation, chosen or not."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must be so. `value` is a text, a segment's id, or digits for numbers (money in minor units)."""

    fact: Fact
    value: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One email: how long after the event or the step before, what, and only if every condition holds.

    `fields` are the values of the template's fields. A step whose conditions do not hold is left out; the next one
    comes all the same.
    """

    template: str
    delay: timedelta = timedelta()
    conditions: tuple[Condition, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Automation:
    """One automation. While it is on, events from `active_from` on start it."""

    id: str
    name: str
    kind: TriggerKind
    steps: tuple[Step, ...]
    created_at: datetime
    exits: frozenset[Exit] = frozenset()
    on: bool = False
    active_from: datetime | None = None
    version: int = 1

    @property
    def all_exits(self) -> frozenset[Exit]:
        return self.exits | IMPLIED.get(self.kind, frozenset())

    def listens_at(self, moment: datetime) -> bool:
        return self.on and self.active_from is not None and self.active_from <= moment


@dataclass(frozen=True, slots=True)
class Trigger:
    """Something that happened, and that starts an automation when it is due.

    `event` is unique for the automation and this customer: an order's id, or another word. `slot` is
    where it waits: the event, or one place for all where a newer event replaces the older.
    """

    customer_id: str
    automation: str
    kind: TriggerKind
    event: str
    due_at: datetime
    fired_at: datetime
    order_id: str = ""
    step: int = 0
    attempts: int = 0
    problem: str = ""

    @property
    def slot(self) -> str:
        return "last" if self.kind is TriggerKind.LAPSED else self.event

    @property
    def message_key(self) -> str:
        """The key of the message of this step: the same event never gives a second one."""
        return f"{self.automation}-{self.event}-{self.step + 1}"


def is_automation(message_campaign: str) -> bool:
    """Whether a message's `campaign` is the id of an automation."""
    return message_campaign.startswith(PREFIX)


def variant_of(step: int) -> str:
    """How messages and their counters name a step, from 0 on."""
    return f"s{step + 1}"


def asks_for_segment(automation: Automation, segment_id: str) -> bool:
    """Whether a step of it is for customers of this segment only."""
    condition = Condition(Fact.SEGMENT, segment_id)
    return any(condition in step.conditions for step in automation.steps)


def checked(automation: Automation) -> Automation:
    """The automation with its texts cleaned.

    Raises: `InvalidInputError` naming what is missing, too much or does not fit together.
    """
    if not 1 <= len(automation.steps) <= MOST_STEPS:
        raise InvalidInputError(f"An automation has 1 to {MOST_STEPS} steps.", "steps")
    for exit_ in automation.exits:
        if exit_.about_order and not automation.kind.about_order and exit_ is not Exit.ORDERED_AGAIN:
            raise InvalidInputError(f"“{exit_}” cannot end it: there is no order yet.", "exits")
    steps = tuple(_checked_step(step, automation.kind, number) for number, step in enumerate(automation.steps, 1))
    if automation.kind.counts_from_order and steps[0].delay < timedelta(days=1):
        raise InvalidInputError("Wait for a day or more: this counts from when the order was placed.", "delay")
    return replace(automation, name=clean_line(automation.name, "Name", longest=80, required=True), steps=steps)


def _checked_step(step: Step, kind: TriggerKind, number: int) -> Step:
    if not timedelta() <= step.delay <= LONGEST_DELAY:
        raise InvalidInputError(f"Step {number} may wait for {LONGEST_DELAY.days} days at most.", "delay")
    if len(step.conditions) > MOST_CONDITIONS:
        raise InvalidInputError(f"Step {number} may have {MOST_CONDITIONS} conditions at most.", "conditions")
    conditions = tuple(_checked_condition(condition, kind, number) for condition in step.conditions)
    fields = {name: clean_line(value, name, longest=2000) for name, value in step.fields.items()}
    return replace(step, conditions=conditions, fields={name: value for name, value in fields.items() if value})


def _checked_condition(condition: Condition, kind: TriggerKind, number: int) -> Condition:
    fact = condition.fact
    if fact.about_order and not kind.about_order:
        raise InvalidInputError(f"Step {number} asks for an order, but there is none yet.", "conditions")
    value = clean_line(condition.value, "The condition", longest=100, required=fact is not Fact.CONSENT)
    if fact.is_number and not (value.isascii() and value.isdigit() and len(value) <= 12):
        raise InvalidInputError(f"Step {number}: “{fact}” needs a number.", "conditions")
    if fact is Fact.STATUS and value not in list(OrderStatus):
        raise InvalidInputError(f"Step {number}: an order is never “{value[:20]}”.", "conditions")
    return Condition(fact, value.upper() if fact is Fact.COUNTRY else value)
