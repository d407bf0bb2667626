"""The same telephone has the same number, whoever wrote it down."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from backend.domain.phones import e164_of, plain_number, region_of


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+8801555010001", ""),
        ("'+8801555010001", "US"),
        ("+880 1555-010001", "DE"),
        ("01555010001", "BD"),
        ("8801555010001", "US"),
        ("008801555010001", "US"),
        ("008801555010001", "BD"),
        ("8801555010001.0", "BD"),
        ("8.801555010001E+12", "BD"),
        ("8,801555010001e+12", "BD"),
        (" (+880) 1555 010 001 ", "BD"),
    ],
)
def test_a_number_is_the_same_in_every_spelling(text: str, region: str) -> None:
    assert e164_of(text, region) == "+8801555010001"


@pytest.mark.parametrize(
    "text",
    [
        *("", "n/a", "-", "none", "0000000000", "+10000000000", "1234567890", "123"),
        *("8.80156E+12", "9" * 60, "x" * 5000, "+1 202 555 0123 ext. 4"),
    ],
)
def test_what_is_no_number_of_a_person_is_none(text: str) -> None:
    assert e164_of(text, "US") is None


def test_invented_numbers_of_north_america_count_as_numbers() -> None:
    assert e164_of("(202) 555-0123", "US") == "+12025550123"


def test_digits_that_a_spreadsheet_rounded_away_are_not_invented() -> None:
    assert plain_number("4.93012E+11") is None
    assert plain_number("4.93012345678E+11") == "493012345678"
    assert plain_number("+49 30 123456") == "+49 30 123456"


def test_the_shops_country_is_that_of_its_time_zone_or_of_its_locale() -> None:
    assert region_of(ZoneInfo("Asia/Dhaka"), "en_US") == "BD"
    assert region_of(ZoneInfo("UTC"), "de_AT") == "AT"
    assert region_of(ZoneInfo("UTC"), "xx_nowhere") == ""
