"""Emails to people whose name is not known greet without one, whatever the template says around it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.customers import Customer
from backend.email.rendering.context import Data
from backend.email.rendering.renderer import render
from tests.email.support import CUSTOMER, data, files, from_sample, shipped, version

NAMELESS = replace(CUSTOMER, name="maria@example.com", email="maria@example.com")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hello {{ customer.first_name }},", "Hello,"),
        ("Welcome to the shop, {{ customer.first_name }}", "Welcome to the shop"),
        ("How do you like it, {{ customer.first_name }}?", "How do you like it?"),
        ("Thank you, {{ customer.first_name }}! 3 items", "Thank you! 3 items"),
        ("{{ customer.first_name }}, we miss you", "We miss you"),
        ("{{ customer.first_name }}", ""),
        ("Hello {{ customer.first_name | upper }}.", "Hello."),
        ("Hello {{ customer.first_name or 'friend' }}.", "Hello friend."),
        ("{% if customer.first_name %}a{% else %}b{% endif %}", "b"),
        ("{% if customer.first_name == '' %}a{% else %}b{% endif %}", "a"),
        ("{% if customer.first_name != '' %}a{% else %}b{% endif %}", "b"),
        ("Name: {{ customer.name }}.", "Name: ."),
    ],
)
def test_the_words_around_a_missing_name_close_up(template: str, text: str) -> None:
    rendered = render(shipped()[0], version(template), data(customer=NAMELESS))
    assert text in rendered.text.splitlines()
    assert f">{text}<" in rendered.html.replace("&#39;", "'")


@pytest.mark.parametrize("name", [name for name, each in files().versions.items() if "customer" in each.facts.needs])
def test_no_template_of_ours_calls_anybody_by_the_address(name: str) -> None:
    layout, shown = shipped(name)
    known, nameless = (render(layout, shown, from_sample_of(name, customer)) for customer in (CUSTOMER, NAMELESS))
    for text in (nameless.subject, nameless.preheader, nameless.text):
        assert "maria" not in text.casefold().replace("to=maria", "")
        assert " ," not in text
        assert not text.rstrip().endswith(",")
    assert known.subject.count("Maria") <= 1


def from_sample_of(name: str, customer: Customer) -> Data:
    known = from_sample(name)
    return {**known, "customer": data(customer=customer)["customer"]}
