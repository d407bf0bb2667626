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


_NUMBER = re.compile(r"^[+-]?\d[\d.,' \u00a0\u202f]*$")


def parse_amount(text: str, currency: str, label: str = "Amount", *, decimal_comma: bool = False) -> int:
    """Minor units of an amount as people and spreadsheets write it: "1,234.50", "1.234,50", "$12", "1234,5".

    A single separator followed by three digits is ambiguous; `decimal_comma` decides it.

    Raises: `InvalidInputError` when it is no amount, negative or absurd.
    """
    bare = text.strip().strip("$€£¥ \u00a0").strip()
    if not bare or len(bare) > 40 or not _NUMBER.match(bare):
        raise InvalidInputError(f"{label} is not an amount: “{text[:40]}”.", label.lower())
    bare = re.sub(r"[' \u00a0\u202f]", "", bare)
    try:
        return to_minor(Decimal(_with_point(bare, decimal_comma)), currency, label)
    except InvalidOperation as error:
        raise InvalidInputError(f"{label} is not an amount: “{text[:40]}”.", label.lower()) from error


def _with_point(text: str, decimal_comma: bool) -> str:
    comma, point = text.rfind(","), text.rfind(".")
    if comma >= 0 and point >= 0:
        decimal = "," if comma > point else "."
    elif comma >= 0:
        grouped = text.count(",") > 1 or (len(text) - comma == 4 and not decimal_comma)
        decimal = "." if grouped else ","
    elif point >= 0 and decimal_comma and (text.count(".") > 1 or len(text) - point == 4):
        decimal = ","
    else:
        decimal = "."
    thousands = "." if decimal == "," else ","
    return text.replace(thousands, "").replace(decimal, ".")
