"""Money is whole minor units; people and spreadsheets write it in many ways."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.money import (
    LARGEST_AMOUNT,
    check_amount,
    decimals_of,
    divided,
    format_money,
    half_up,
    largest_remainder,
    parse_amount,
    parse_discount,
    plain,
    read_amount,
    to_minor,
)
from backend.errors import InvalidInputError


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12", 1200),
        ("12.5", 1250),
        ("12,5", 1250),
        ("0.05", 5),
        ("$1,234.50", 123450),
        ("1.234,50 €", 123450),
        ("1 234,50", 123450),
        ("1\u202f234,50", 123450),
        ("1'234.50", 123450),
        ("1,234", 123400),
        ("1,234,567.89", 123456789),
        ("1.234.567,89", 123456789),
        ("12.345", 1235),
        (" 7 ", 700),
        ("+7", 700),
        ("0", 0),
        ("-0", 0),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, minor: int) -> None:
    assert parse_amount(text, "USD") == minor


@pytest.mark.parametrize(("text", "minor"), [("1.234", 123400), ("1,234", 123), ("1.234.567", 123456700)])
def test_where_commas_are_decimal_a_point_groups(text: str, minor: int) -> None:
    assert parse_amount(text, "EUR", decimal_comma=True) == minor


@pytest.mark.parametrize(
    ("text", "currency", "decimal_comma", "minor"),
    [
        ("12.990", "CLP", None, 12990),
        ("12.990", "CLP", False, 12990),
        ("12,990", "CLP", True, 12990),
        ("1.234.567", "VND", False, 1234567),
        ("12990.00", "CLP", False, 12990),
        ("12.990,00", "CLP", None, 12990),
        ("$12.990", "CLP", None, 12990),
        ("1.250", "KWD", None, 1250),
        ("1,250", "KWD", None, 1250000),
        ("1,250", "KWD", True, 1250),
        ("1.234,500", "KWD", None, 1234500),
        ("1.234", "EUR", None, 123400),
        ("1.234", "EUR", False, 123),
        ("0.125", "EUR", None, 13),
        ("1234,567", "EUR", None, 123457),
    ],
)
def test_three_digits_are_thousands_or_thousandths_as_the_currency_and_the_file_have_it(
    text: str, currency: str, decimal_comma: bool | None, minor: int
) -> None:
    assert parse_amount(text, currency, decimal_comma=decimal_comma) == minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("CHF 1\u2019234.50", "CHF", 123450),
        ("1'234.50 Fr.", "CHF", 123450),
        ("1 234,56\xa0€", "EUR", 123456),
        ("kr 1 234,50", "SEK", 123450),
        ("₹1,23,456.00", "INR", 12345600),
        ("Rs. 500", "INR", 50000),
        ("R$ 1.234,50", "BRL", 123450),
        ("US$5", "USD", 500),
        (".5", "USD", 50),
        ("USD 10", "USD", 1000),
        ("US$ 10 USD", "USD", 1000),
        ("10,- €", "EUR", 1000),
        ("CHF 10.\u2013", "CHF", 1000),
        ("\uffe5\uff11,234", "JPY", 1234),
        ("\u0661\u066c\u0662\u0663\u0664\u066b\u0665\u0660", "SAR", 123450),
        ("Q10", "GTQ", 1000),
        ("R 10.00", "ZAR", 1000),
        ("10 \u043b\u0432", "BGN", 1000),
    ],
)
def test_currency_signs_and_spaces_do_not_count(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize("text", ["-5.00", "\u22125.00", "$-5", "-$5", "(5.00)", "($5.00)", "5-"])
def test_all_ways_to_write_a_negative_amount_are_refused_as_such(text: str) -> None:
    with pytest.raises(InvalidInputError, match="must not be negative"):
        parse_amount(text, "USD")


@pytest.mark.parametrize(
    ("text", "minor"),
    [("$-10.00", -1000), ("$(10.00)", -1000), ("10.00 -", -1000), ("\u200e\u221210", -1000), ("- 1'234.50", -123450)],
)
def test_what_was_given_back_is_read_below_zero_wherever_the_sign_is(text: str, minor: int) -> None:
    assert read_amount(text, "USD") == (minor, "")


@pytest.mark.parametrize(
    ("text", "currency", "minor", "doubt"),
    [
        ("10.005", "USD", 1001, "more decimals than USD"),
        ("12.5", "JPY", 13, "more decimals than JPY"),
        ("12.50", "JPY", 13, "more decimals than JPY"),
        ("10 €", "USD", 1000, "marked as EUR, and counts as USD"),
        ("R$ 10,00", "USD", 1000, "marked as BRL"),
        ("10.00", "JPY", 10, ""),
        ("A$10", "USD", 1000, ""),
    ],
)
def test_what_is_doubtful_about_an_amount_is_reported(text: str, currency: str, minor: int, doubt: str) -> None:
    read = read_amount(text, currency)
    assert read.minor == minor
    assert doubt in read.doubt
    assert bool(doubt) == bool(read.doubt)


@pytest.mark.parametrize(
    ("amount", "number", "part"), [(2469, 2, 1235), (2471, 2, 1236), (-2469, 2, -1235), (10, 3, 3)]
)
def test_halves_are_rounded_up(amount: int, number: int, part: int) -> None:
    assert divided(amount, number) == part
    assert half_up(amount / number) == part


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "$",
        "abc",
        "1e5",
        "12 EUR",
        "--5",
        "(5",
        "10 20",
        "²",
        "1²",
        "1.2.3",
        "NaN",
        "Infinity",
        "0x10",
        "1_000",
        "½",
        "x" * 10**6,
    ],
)
def test_what_is_no_amount_is_refused_and_named(text: str) -> None:
    with pytest.raises(InvalidInputError, match="Price is not an amount") as caught:
        parse_amount(text, "USD", "Price")
    assert len(caught.value.sentence) < 100


@pytest.mark.parametrize("text", ["-1", "-0.01", "-1.234,50"])
def test_negative_amounts_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="must not be negative"):
        parse_amount(text, "USD")


@pytest.mark.parametrize("text", ["1000000000.01", "9" * 40])
def test_absurd_amounts_are_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="larger than any amount"):
        parse_amount(text, "USD")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_amount(number: str) -> None:
    with pytest.raises(InvalidInputError, match="not a number"):
        to_minor(Decimal(number), "USD")


def test_the_largest_amount_is_an_amount() -> None:
    assert check_amount(LARGEST_AMOUNT) == LARGEST_AMOUNT


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_currencies_have_their_own_decimals(currency: str, decimals: int) -> None:
    assert decimals_of(currency) == decimals
    assert to_minor(Decimal(7), currency) == 7 * 10**decimals
    assert plain(7 * 10**decimals, currency) == 7


@pytest.mark.parametrize("code", ["", "EURO", "usd", "XX", "???"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(InvalidInputError, match="not a currency code"):
        decimals_of(code)


def test_money_is_written_for_people_in_their_locale() -> None:
    assert format_money(123456, "USD") == "$1,234.56"
    assert format_money(-5, "USD") == "-$0.05"
    assert format_money(1234, "JPY") == "¥1,234"
    assert format_money(123456, "EUR", "de_DE") == "1.234,56\xa0€"


@given(st.integers(0, LARGEST_AMOUNT), st.sampled_from(("USD", "JPY", "KWD")))
def test_what_is_written_to_a_file_is_read_back(minor: int, currency: str) -> None:
    assert to_minor(plain(minor, currency), currency) == minor


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("", 0), ("2.50", 250), ("10%", 123), (" 12.5 % ", 154), ("12,5%", 154), ("100%", 1230), ("0%", 0)],
)
def test_a_discount_is_an_amount_or_a_percentage(typed: str, amount: int) -> None:
    assert parse_discount(typed, 1230, "USD") == amount


@pytest.mark.parametrize("typed", ["%", "101%", "-5%", "ten%", "1.2.3%"])
def test_a_percentage_that_makes_no_sense_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError, match="percent"):
        parse_discount(typed, 1000, "USD")


@given(st.integers(0, 10**11), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_parts_by_the_largest_remainder_add_up_and_are_at_most_one_off(amount: int, weights: list[int]) -> None:
    parts = largest_remainder(amount, weights)
    assert sum(parts) == amount
    whole = sum(weights)
    if whole:
        assert all(abs(part * whole - amount * weight) < whole for part, weight in zip(parts, weights, strict=True))
