"""What to call somebody: the given name where it can be told, the whole name otherwise, and never an address."""

from __future__ import annotations

import time

import pytest

from backend.domain.names import greeting_of, is_address, named


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Maria Lopez", "Maria"),
        ("Lopez, Maria", "Maria"),
        ("García Márquez, Gabriel", "Gabriel"),
        ("van der Berg, Jan", "Jan"),
        ("Cher", "Cher"),
        ("Anne-Marie O'Neil", "Anne-Marie"),
        ("Dr. Ada Winter", "Ada"),
        ("Prof. Dr. Hans Müller", "Hans"),
        ("Ms Maria Lopez", "Maria"),
        ("Hans Müller, PhD", "Hans"),
        ("Dr. Winter", "Dr. Winter"),
        ("Dr Winter", "Dr Winter"),
        ("Herr Müller", "Herr Müller"),
        ("Mr. and Mrs. Smith", "Mr. and Mrs. Smith"),
        ("J. Smith", "J. Smith"),
        ("Smith, J.", "J. Smith"),
        ("de la Cruz", "de la Cruz"),
        ("李 小龙", "李 小龙"),
        ("山田太郎", "山田太郎"),
        ("Nguyễn Thị Lan", "Nguyễn Thị Lan"),
        ("Tea House Ltd.", "Tea House Ltd."),
        ("Dr.", ""),
        ("", ""),
        ("maria@example.com", ""),
        ("https://example.com", ""),
        ("n/a", ""),
        ("Guest", ""),
        ("---", ""),
        ("12345", ""),
        ("MARIA LOPEZ", "Maria"),
        ("maria lopez", "Maria"),
        ("LOPEZ Maria", "Maria"),
        ("AJ Lopez", "AJ"),
        ("van der Berg", "van der Berg"),
        ("Al Gore", "Al"),
        ("\U0001f338 Maria Lopez", "Maria"),
        ("“Maria Lopez”", "Maria"),
        ("Maria Lopez <maria@example.com>", "Maria"),
        ("Restaurant Da Mario", "Restaurant Da Mario"),
        ("Praxis Dr. Müller", "Praxis Dr. Müller"),
        ("Walk-in customer #1001", ""),
        ("{{ first_name }}", ""),
        ("*|FNAME|*", ""),
    ],
)
def test_a_single_name_says_what_to_call_somebody(name: str, greeting: str) -> None:
    assert greeting_of(name) == greeting


@pytest.mark.parametrize(
    ("given", "name", "greeting"),
    [
        ("Mary Ann", "Mary Ann Smith", "Mary Ann"),
        ("Thị Lan", "Thị Lan Nguyễn", "Thị Lan"),
        ("Dr. Ada", "Dr. Ada Winter", "Dr. Ada"),
        ("Dr.", "Dr. Winter", "Dr. Winter"),
        ("J. R.", "J. R. Smith", "J. R. Smith"),
        ("Lopez, Maria", "Lopez, Maria", "Maria"),
        ("maria@example.com", "Maria Lopez", "Maria"),
        ("Maria", "", "Maria"),
        ("", "Maria Lopez", "Maria"),
    ],
)
def test_a_given_name_counts_as_it_came(given: str, name: str, greeting: str) -> None:
    assert greeting_of(name, given) == greeting


def test_what_is_no_name_is_none() -> None:
    assert [named(text) for text in (" Maria ", "N/A", "none", "maria@example.com", "…")] == ["Maria", "", "", "", ""]


@pytest.mark.parametrize("text", ["x" * 300_000, "a@" * 150_000, "x@y" * 100_000, "a@" + "b" * 300_000])
def test_a_long_text_is_distinguished_from_an_address_in_a_moment(text: str) -> None:
    started = time.process_time()
    is_address(text)
    assert time.process_time() - started < 1
