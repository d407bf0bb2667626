"""The merge fields that a writer can put into a block, by the names that people see: `{First name|there}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backend.domain.emails import Need, TemplateFacts

MERGE_FIELD = re.compile(r"\{([^{}|\n]{1,80})(?:\|([^{}|\n]{0,60}))?\}")
"""A name in braces, and behind a bar what stands there when the value is empty."""


@dataclass(frozen=True, slots=True)
class MergeField:
    """A value of an email. `expression` is Jinja; `is_url` can be a link, `is_long` has several lines."""

    name: str
    expression: str
    is_url: bool = False
    is_long: bool = False


_SHOP = (
    MergeField("Shop name", "shop.name"),
    MergeField("Shop website", "shop.url", is_url=True),
    MergeField("Support page", "shop.support_url", is_url=True),
)
_BY_NEED = {
    Need.CUSTOMER: (
        MergeField("First name", "customer.first_name"),
        MergeField("Full name", "customer.name"),
        MergeField("Email address", "customer.email"),
        MergeField("City", "customer.city"),
        MergeField("Country", "customer.country_name"),
    ),
    Need.ORDER: (
        MergeField("Order number", "order.number"),
        MergeField("Order date", "order.placed_at | date"),
        MergeField("Order total", "order.total | money(order.currency)"),
        MergeField("Amount to pay", "order.balance | money(order.currency)"),
        MergeField("Number of items", 'order.count | plural("item", "items")'),
    ),
    Need.MEMBER: (
        MergeField("Member first name", "member.first_name"),
        MergeField("Username", "member.username"),
    ),
}


def merge_fields(facts: TemplateFacts) -> dict[str, MergeField]:
    """What this template's emails can show, by folded name: of its recipient, the shop, and its own fields."""
    own = [MergeField(each.label, each.name, each.is_url, each.is_long) for each in facts.fields]
    known = [*(field for need in facts.needs for field in _BY_NEED[need]), *_SHOP, *own]
    return {field.name.casefold(): field for field in known}


def found_in(text: str) -> Iterator[str]:
    """The names in braces, known or not."""
    return (found[1].strip() for found in MERGE_FIELD.finditer(text))


def value_of(field: MergeField, fallback: str = "") -> str:
    """The Jinja expression for a value, with what stands there when it is empty."""
    return f"{field.expression} | default({literal(fallback)}, true)" if fallback.strip() else field.expression


def literal(text: str) -> str:
    """The text as a Jinja expression, whatever it holds."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
