"""Money is an integer number of a currency's minor units. This module reads and writes it for people and files."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision, is_currency

from backend.errors import InvalidInputError

LARGEST_AMOUNT = 10**11
"""In minor units: a billion of most currencies. More is a typing error in a small shop."""


@lru_cache(maxsize=64)
def decimals_of(currency: str) -> int:
    """Number of decimal places of an ISO 4217 currency (Unicode CLDR by way of Babel).

    Raises: `InvalidInputError` for an unknown code.
    """
    if not is_currency(currency):
        raise InvalidInputError(f"“{currency[:10]}” is not a currency code such as EUR or USD.", "currency")
    return int(get_currency_precision(currency))


def format_money(minor: int, currency: str, locale: str = "en_US") -> str:
    """For people: `format_money(123456, "USD")` is "$1,234.56"."""
    return str(format_currency(plain(minor, currency), currency, locale=locale))


def plain(minor: int, currency: str) -> Decimal:
    """For files and charts: minor units as a decimal number of the currency."""
    return Decimal(minor).scaleb(-decimals_of(currency))


def to_minor(amount: Decimal, currency: str, label: str = "Amount") -> int:
    """Minor units of a decimal amount, rounded half up.

    Raises: `InvalidInputError` when it is negative or absurd.
    """
    if not amount.is_finite():
        raise InvalidInputError(f"{label} is not a number.", label.lower())
    return check_amount(
        int(amount.scaleb(decimals_of(currency)).to_integral_value(ROUND_HALF_UP)) if abs(amount) < 10**15 else 10**18,
        label,
    )


def check_amount(minor: int, label: str = "Amount") -> int:
    """The amount, if it may be one.

    Raises: `InvalidInputError` when it is negative or absurd.
    """
    if minor < 0:
        raise InvalidInputError(f"{label} must not be negative.", label.lower())
    if minor > LARGEST_AMOUNT:
        raise InvalidInputError(f"{label} is larger than any amount that a shop takes; please check it.", label.lower())
    return minor


_MOST_DIGITS = 40
_SIGN = (
    r"[$€£¥₹₺₽₩₪₫₱₴₦฿₡₲₸₼₾]|R\$|(?:US|CA|AU?|NZ|HK|NT|MX|S)\$"
    r"|kr\.?|Fr\.?|Rs\.?|zł|Kč|Ft|lei|Rp|RM|TL|S/\.?"
)
_SPACES = re.compile(r"[\s'\u2019\u02bc\u00b4]")
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?:\.\d{2,3})*\.\d{3})?(?:[.,]\d*)?")
_GROUP = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
"""One separator before three digits: thousands, or a decimal sign before thousandths."""


@lru_cache(maxsize=64)
def _around(currency: str) -> re.Pattern[str]:
    """What may stand before and after the digits: a sign, or the currency's code."""
    return re.compile(rf"(-?)\s*(?:{_SIGN}|{currency})?\s*(.*?)\s*(?:{_SIGN}|{currency})?", re.IGNORECASE | re.DOTALL)


def parse_amount(text: str, currency: str, label: str = "Amount", *, decimal_comma: bool | None = False) -> int:
    """Minor units of an amount as people and spreadsheets write it: "1,234.50", "1.234,50", "$12", "1 234,5", "(5.00)".

    A single separator followed by three digits is ambiguous, and `decimal_comma` decides it; None means that nothing is
    known. A currency without decimals has no thousandths, so there it always separates thousands; where nothing is
    known, also in a currency with two.

    Raises: `InvalidInputError` when it is no amount, negative or absurd.
    """
    bare = text.strip()
    if bare.isdigit() and len(bare) <= _MOST_DIGITS:
        return to_minor(Decimal(bare), currency, label)  # as most are
    try:
        return to_minor(Decimal(_plain_number(bare, currency, decimal_comma)), currency, label)
    except (InvalidOperation, ValueError) as error:
        raise InvalidInputError(f"{label} is not an amount: “{text[:40]}”.", label.lower()) from error


def _plain_number(text: str, currency: str, decimal_comma: bool | None) -> str:
    """The number as `Decimal` reads it. Raises: `ValueError`."""
    if len(text) > _MOST_DIGITS:
        raise ValueError(text[:_MOST_DIGITS])
    text = text.replace("\u2212", "-")
    negative = text.startswith("(") and text.endswith(")")
    match = _around(currency).fullmatch(text[1:-1] if negative else text)
    digits = _SPACES.sub("", match[2]) if match else ""
    if match is None or not digits or not _NUMBER.fullmatch(digits) or (match[1] and digits[0] in "+-"):
        raise ValueError(text)
    number = _with_point(digits, decimals_of(currency), decimal_comma)
    return f"-{number}" if negative or match[1] else number


def _with_point(text: str, decimals: int, decimal_comma: bool | None) -> str:
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        decimal = "," if comma > point else "."
    elif comma < 0 and point < 0:
        return text
    else:
        sign = "," if comma >= 0 else "."
        decimal = "" if text.count(sign) > 1 or _separates_thousands(text, sign, decimals, decimal_comma) else sign
    return text.replace("," if decimal == "." else "." if decimal else sign, "").replace(decimal or " ", ".")


def _separates_thousands(text: str, sign: str, decimals: int, decimal_comma: bool | None) -> bool:
    if not _GROUP.fullmatch(text.lstrip("+-")):
        return False
    if decimals == 0:
        return True
    if decimal_comma is None:
        return decimals != 3 or sign == ","
    return (sign == ",") != decimal_comma


def divided(amount: int, number: int) -> int:
    """An amount in equal parts, halves rounded up (away from zero) as spreadsheets do: `round` takes them to even."""
    return half_up(Decimal(amount) / number)


def half_up(amount: Decimal | float) -> int:
    """The nearest whole number of minor units; halves are rounded up (away from zero)."""
    return int(Decimal(str(amount)).to_integral_value(ROUND_HALF_UP))
