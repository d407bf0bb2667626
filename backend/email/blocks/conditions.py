"""Conditions of blocks: in words for people, and as what the template asks."""

from __future__ import annotations

from backend.domain.emails import Need, TemplateFacts
from backend.email.blocks.merge_fields import literal
from backend.email.blocks.model import Case, Condition

CASES = {
    Case.NAME_KNOWN: "the customer's name is known",
    Case.COUNTRY: "the customer's country is …",
    Case.CITY: "the customer's city is …",
    Case.ORDER_HAS: "the customer bought …",
    Case.ORDER_UNPAID: "the order is not paid yet",
    Case.FIELD: "this field is filled: …",
}
"""In words; an ellipsis stands for the value."""
VALUE_LABELS = {
    Case.COUNTRY: "Country code, such as PT",
    Case.CITY: "City",
    Case.ORDER_HAS: "Part of the product's name or SKU",
    Case.FIELD: "Field",
}
"""What the value of a condition is; the others have none."""
_NEEDS = {
    Case.NAME_KNOWN: Need.CUSTOMER,
    Case.COUNTRY: Need.CUSTOMER,
    Case.CITY: Need.CUSTOMER,
    Case.ORDER_HAS: Need.ORDER,
    Case.ORDER_UNPAID: Need.ORDER,
}


def cases_of(facts: TemplateFacts) -> list[Case]:
    """The conditions that this template's emails can have."""
    return [case for case in Case if (_NEEDS[case] in facts.needs if case in _NEEDS else bool(facts.fields))]


def in_words(condition: Condition) -> str:
    """Such as "only if the customer bought “tea”"."""
    case = CASES[condition.case].replace("…", f"“{condition.value}”")
    return f"{'unless' if condition.unless else 'only if'} {case}"


def expression_of(condition: Condition, facts: TemplateFacts) -> str | None:
    """The condition in Jinja; None when this template's emails cannot know it, or its value is missing."""
    if condition.case not in cases_of(facts) or (condition.case in VALUE_LABELS and not condition.value):
        return None
    if condition.case is Case.FIELD:
        wanted = condition.value.casefold()
        asked = next((field.name for field in facts.fields if field.label.casefold() == wanted), None)
    else:
        asked = _asked(condition)
    return f"not ({asked})" if asked and condition.unless else asked


def _asked(condition: Condition) -> str:
    value = literal(condition.value.lower())
    return {
        Case.NAME_KNOWN: "customer.first_name",
        Case.COUNTRY: f"customer.country | lower == {value}",
        Case.CITY: f"customer.city | lower == {value}",
        Case.ORDER_HAS: f'{value} in (order.bought | default(""))',
        Case.ORDER_UNPAID: 'order.status == "pending"',
    }[condition.case]
