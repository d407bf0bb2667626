"""The words for automations, and one as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from backend.domain.automations import Automation, Condition, Ending, Exit, Fact, TriggerKind
from backend.services.context import Shop
from backend.services.templates import catalogue
from pages.components.ui import caching, formats

KIND_LABELS = {
    TriggerKind.ORDER_PLACED: "An order is placed",
    TriggerKind.ORDER_PAID: "An order is paid",
    TriggerKind.ORDER_SHIPPED: "An order is shipped",
    TriggerKind.ORDER_CANCELLED: "An order is cancelled",
    TriggerKind.ORDER_REFUNDED: "An order is refunded",
    TriggerKind.AFTER_ORDER: "Some days after an order",
    TriggerKind.PENDING_PAYMENT: "An order waits for payment",
    TriggerKind.CUSTOMER_JOINED: "A customer is added",
    TriggerKind.NOT_VERIFIED: "An email address is not confirmed",
    TriggerKind.LAPSED: "A customer has not ordered for a while",
}
_BEGINNINGS = {
    TriggerKind.ORDER_PLACED: "When an order is placed",
    TriggerKind.ORDER_PAID: "When an order is paid",
    TriggerKind.ORDER_SHIPPED: "When an order is shipped",
    TriggerKind.ORDER_CANCELLED: "When an order is cancelled",
    TriggerKind.ORDER_REFUNDED: "When an order is refunded",
    TriggerKind.AFTER_ORDER: "After an order",
    TriggerKind.PENDING_PAYMENT: "While an order waits for payment",
    TriggerKind.CUSTOMER_JOINED: "When a customer is added",
    TriggerKind.NOT_VERIFIED: "While an email address is not confirmed",
    TriggerKind.LAPSED: "When a customer has not ordered for a while",
}
FACT_LABELS = {
    Fact.COUNTRY: "Country is",
    Fact.TAG: "Has the tag",
    Fact.NO_TAG: "Does not have the tag",
    Fact.CONSENT: "Agreed to marketing",
    Fact.SEGMENT: "Is in the segment",
    Fact.SPENT: "Total spent at least",
    Fact.ORDERS_AT_LEAST: "Number of orders at least",
    Fact.ORDERS_AT_MOST: "Number of orders at most",
    Fact.TOTAL: "Order total at least",
    Fact.STATUS: "Order is",
    Fact.PRODUCT: "Order contains",
}
_PHRASES = {
    Fact.COUNTRY: "the customer lives in {}",
    Fact.TAG: "the customer has the tag {}",
    Fact.NO_TAG: "the customer does not have the tag {}",
    Fact.CONSENT: "the customer agreed to marketing",
    Fact.SEGMENT: "the customer is in the segment “{}”",
    Fact.SPENT: "the customer has spent at least {}",
    Fact.ORDERS_AT_LEAST: "the customer has ordered at least {} times",
    Fact.ORDERS_AT_MOST: "the customer has ordered at most {} times",
    Fact.TOTAL: "the order is worth at least {}",
    Fact.STATUS: "the order is {}",
    Fact.PRODUCT: "the order contains {}",
}
_ENDINGS: Mapping[str, str] = {each.name.lower(): each.value for each in (*Ending, *Exit)}
_UNITS = (("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)))


def sentence(shop: Shop, automation: Automation) -> str:
    """The automation in one plain sentence, such as "When an order is placed, send “Order confirmation” at once."."""
    titles = template_titles(shop)
    parts = []
    for number, step in enumerate(automation.steps):
        wait = waiting_time(step.delay)
        when = "at once" if not step.delay else f"after {wait}" if number == 0 else f"{wait} later"
        title = f"“{titles[step.template]}”" if step.template in titles else "an email (not chosen yet)"
        only = f" if {formats.listed([condition_words(shop, each) for each in step.conditions])}"
        parts.append(f"send {title} {when}{only if step.conditions else ''}")
    return f"{_BEGINNINGS[automation.kind]}, {', then '.join(parts)}."


def condition_words(shop: Shop, condition: Condition) -> str:
    """Such as "the order is worth at least $50.00"."""
    value = condition.value
    if condition.fact.is_amount and value.isdigit():
        value = formats.money(shop, int(value))
    elif condition.fact is Fact.COUNTRY:
        value = formats.country(shop, value)
    elif condition.fact is Fact.SEGMENT:
        value = caching.segment_names(shop).get(value, value)
    return _PHRASES[condition.fact].format(value or "…")


def waiting_time(delay: timedelta) -> str:
    """Such as "14 days", in the largest unit that fits."""
    unit, size = unit_of(delay)
    number = delay // size
    return f"{number} {unit}{'' if number == 1 else 's'}"


def unit_of(delay: timedelta) -> tuple[str, timedelta]:
    """The largest unit of which a delay is a whole number."""
    return next(((unit, size) for unit, size in _UNITS if delay >= size and not delay % size), _UNITS[-1])


def ending_words(name: str) -> str:
    """Why something ended, by the name of its counter."""
    return _ENDINGS.get(name, name.replace("_", " "))


def template_titles(shop: Shop) -> dict[str, str]:
    """Titles by name of all templates."""
    return {name: version.facts.title for name, version in catalogue.files(shop).versions.items()}
