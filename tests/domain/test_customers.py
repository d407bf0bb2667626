"""Addresses and countries as they are kept."""

from __future__ import annotations

import pytest

from backend.domain.customers import clean_country, clean_email, email_identity
from backend.errors import InvalidInputError


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (" Maria@Example.COM ", "Maria@example.com"),
        ("maria+tea@example.com", "maria+tea@example.com"),
        ("jörg@müller.de", "jörg@müller.de"),
    ],
)
def test_an_address_keeps_its_local_part_and_lowers_its_domain(text: str, kept: str) -> None:
    assert clean_email(text) == kept


@pytest.mark.parametrize(
    "text",
    ["", "maria", "@example.com", "maria@", "a@b@c.de", "maria@example..com", "maria@-example.com", "a b@example.com"],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"is not an email address: .+"):
        clean_email(text)


def test_upper_and_lower_case_make_no_other_address() -> None:
    assert email_identity("MARIA@example.com") == email_identity("maria@EXAMPLE.com")


def test_countries_are_two_letters_in_upper_case_or_nothing() -> None:
    assert (clean_country(" de "), clean_country("")) == ("DE", "")
    for wrong in ("D", "DEU", "D1", "Ø1", "Germany"):
        with pytest.raises(InvalidInputError, match="country code"):
            clean_country(wrong)
