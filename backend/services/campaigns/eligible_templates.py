"""Which emails a campaign can send, and which of them can be compared with each other."""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.emails import Need, TemplateFacts
from backend.services.context import Shop
from backend.services.templates import catalogue


def is_sendable(facts: TemplateFacts) -> bool:
    """Whether it is about a customer and nothing else: no order, nobody of the team."""
    return not set(facts.needs) - {Need.CUSTOMER}


def are_comparable(one: TemplateFacts, other: TemplateFacts) -> bool:
    """Whether the same customers may get both: they are of one kind, and about the same topic."""
    return (one.kind, one.topic) == (other.kind, other.topic)


def sendable_templates(shop: Shop) -> dict[str, TemplateFacts]:
    """By name."""
    states = catalogue.list_templates(shop)
    return {state.facts.name: state.facts for state in states if is_sendable(state.facts)}


def comparable_templates(offered: Mapping[str, TemplateFacts], chosen: TemplateFacts) -> dict[str, TemplateFacts]:
    """Those with which the chosen one can be compared, itself first."""
    others = {name: facts for name, facts in offered.items() if are_comparable(chosen, facts)}
    return {chosen.name: chosen, **others}
