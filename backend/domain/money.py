"""Money is an integer number of a currency's minor units. This module reads and writes it for people and files."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

from babel.core import Locale, UnknownLocaleError, get_global
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
    return check_amount(_rounded(amount, currency), label)


def _rounded(amount: Decimal, currency: str) -> int:
    """The nearest minor units; absurdly large amounts stay as they are."""
    if abs(amount) >= 10**15:
        return 10**18 if amount > 0 else -(10**18)
    return int(amount.scaleb(decimals_of(currency)).to_integral_value(ROUND_HALF_UP))


def check_amount(minor: int, label: str = "Amount") -> int:
    """The amount, if it may be one.

    Raises: `InvalidInputError` when it is negative or absurd.
    """
    if minor < 0:
        raise InvalidInputError(f"{label} must not be negative.", label.lower())
    if minor > LARGEST_AMOUNT:
        raise InvalidInputError(f"{label} is larger than any amount that a shop takes; please check it.", label.lower())
    return minor


_MOST_CHARACTERS = 60
_PLAIN = re.compile(r"[0-9]{1,40}(?:\.[0-9]{1,2})?")
_SIGNS: dict[str, str] = {
    r"(?:US|CA|AU?|NZ|HK|NT|MX|S)\$|\$": "",
    "€": "EUR",
    "[£]": "GBP EGP LBP SYP SDG SSP GIP FKP SHP",
    "[¥]|円|元": "JPY CNY",
    "₹|Rs\\.?": "INR PKR LKR NPR MUR SCR",
    r"R\$": "BRL",
    "₺|TL": "TRY",
    "₽": "RUB",
    "₩": "KRW KPW",
    "₪": "ILS",
    "₫": "VND",
    "₱": "PHP",
    "₴": "UAH",
    "₦": "NGN",
    "฿": "THB",
    "₡": "CRC",
    "₲": "PYG",
    "₸": "KZT",
    "₼": "AZN",
    "₾": "GEL",
    "kr\\.?": "SEK NOK DKK ISK",
    "Fr\\.?": "CHF",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "lei": "RON MDL",
    "Rp": "IDR",
    "RM": "MYR",
    "S/\\.?": "PEN",
}
"""How amounts are marked (patterns), and in which currencies; "" is for signs of very many."""
_ANY_SIGN = "|".join(sorted(_SIGNS, key=len, reverse=True))
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"))
_OTHER_SIGNS = str.maketrans({"\u066c": "'", "\u066b": ".", "\u060c": ",", "\uff0c": ",", "\uff0e": "."})
_NO_CENTS = re.compile(r"(?<=\d)[.,]-{1,2}(?=\s|$|[^\d-])")
"""As in "10,-" and "10.--", which are no minus."""
_GROUP_SPACE = re.compile(r"(?<=\d)[\s'\u2019\u02bc\u00b4](?=\d{3}(?!\d))")
_NUMBER = re.compile(r"(\d+|\d{1,3}(?:,\d{2,3})*,\d{3}|\d{1,3}(?:\.\d{2,3})*\.\d{3})?(?:[.,]\d*)?")
_GROUP = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
"""One separator before three digits: thousands, or a decimal sign before thousandths."""


class WrittenAmount(NamedTuple):
    """The minor units of a written amount, which may be negative, and a note for people ("" for none)."""

    minor: int
    doubt: str = ""


def parse_amount(text: str, currency: str, label: str = "Amount", *, decimal_comma: bool | None = False) -> int:
    """Minor units of an amount as `read_amount` has it.

    Raises: `InvalidInputError` when it is no amount, negative or absurd.
    """
    return check_amount(read_amount(text, currency, label, decimal_comma=decimal_comma).minor, label)


def read_amount(
    text: str, currency: str, label: str = "Amount", *, decimal_comma: bool | None = False
) -> WrittenAmount:
    """An amount as people and spreadsheets write it: "1,234.50", "1.234,50", "$12", "1 234,5", "(5.00)", "5.00-".

    A single separator followed by three digits is ambiguous, and `decimal_comma` decides it; None means that nothing is
    known. A currency without decimals has no thousandths, so there it always separates thousands; where nothing is
    known, also in a currency with two.

    Raises: `InvalidInputError` when it is no amount, or absurd.
    """
    bare = text.strip()
    try:
        if _PLAIN.fullmatch(bare):
            number, foreign = Decimal(bare), ""  # as most are
        else:
            number, foreign = _number(bare, currency, decimal_comma)
    except (InvalidOperation, ValueError) as error:
        raise InvalidInputError(f"{label} is not an amount: “{text[:40]}”.", label.lower()) from error
    minor = _rounded(number, currency)
    check_amount(abs(minor), label)
    doubt = "" if number == plain(minor, currency) else f"“{bare}” has more decimals than {currency}, and was rounded."
    if foreign:
        doubt = f"“{bare}” is marked as {foreign}, and counts as {currency}, the currency of the order. {doubt}".strip()
    return WrittenAmount(minor, doubt)


def _number(text: str, currency: str, decimal_comma: bool | None) -> tuple[Decimal, str]:
    """The number, and the other currency whose sign it has. Raises: `ValueError`, `InvalidOperation`."""
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(text[:_MOST_CHARACTERS])
    if "\u066b" in text:  # a decimal sign that is nothing else
        decimal_comma = False
    text = _NO_CENTS.sub("", _usual(text))
    before, after = _around(currency)
    start = before.match(text)
    rest = text[start.end() :] if start else text
    end = after.search(rest)
    around = (start[0] if start else "") + (end[0] if end else "")
    digits = _GROUP_SPACE.sub("", rest[: end.start()] if end else rest)
    brackets = around.count("("), around.count(")")
    if not digits or not _NUMBER.fullmatch(digits) or around.count("-") + around.count("+") > 1:
        raise ValueError(text)
    if brackets not in ((0, 0), (1, 1)):
        raise ValueError(text)
    number = Decimal(_with_point(digits, decimals_of(currency), decimal_comma))
    return -number if "-" in around or any(brackets) else number, _other_currency(around, currency)


def _usual(text: str) -> str:
    """The text with usual signs and digits, without invisible characters. Raises: `ValueError` for fractions."""
    text = text.translate(_DASHES).translate(_OTHER_SIGNS)
    if text.isascii():
        return text
    kinds = [(character, unicodedata.category(character)) for character in text]
    if any(kind == "No" for _, kind in kinds):
        raise ValueError(text)
    usual = (str(unicodedata.decimal(c)) if kind == "Nd" else c for c, kind in kinds if kind != "Cf")
    return unicodedata.normalize("NFKC", "".join(usual))


@lru_cache(maxsize=64)
def _around(currency: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What may be before and after the digits: a sign, or the currency's code."""
    own = "|".join(re.escape(sign) for sign in sorted(_signs_at_home(currency), key=len, reverse=True))
    sign = "|".join(filter(None, (currency, own, _ANY_SIGN)))
    return (
        re.compile(rf"(?:[\s'\u2019]|[-+(]|{sign})*", re.IGNORECASE),
        re.compile(rf"(?:\s|[-)]|{sign})*$", re.IGNORECASE),
    )


def _signs_at_home(currency: str) -> set[str]:
    """How a currency is written where people pay with it (Unicode CLDR)."""
    signs: set[str] = set()
    for territory, currencies in get_global("territory_currencies").items():
        if not any(code == currency and until is None for code, _, until, *_ in currencies):
            continue
        for language, facts in get_global("territory_languages").get(territory, {}).items():
            with contextlib.suppress(UnknownLocaleError, ValueError):
                if facts["official_status"] and (locale := Locale.parse(f"{language}_{territory}")):
                    signs.add(_usual(locale.currency_symbols.get(currency, "")))
    words = {sign.removesuffix(".") for sign in signs if sign[-1:].isalpha() or sign[-1:] in "./"}
    return (signs | words | {f"{word}." for word in words}) - {"", "."}


@lru_cache(maxsize=1024)
def _other_currency(around: str, currency: str) -> str:
    """The first currency of a sign that is not one of this currency."""
    for pattern, currencies in _SIGNS.items():
        if (
            currencies
            and currency not in currencies
            and re.search(rf"(?<![^\W\d_])(?:{pattern})", around, re.IGNORECASE)
        ):
            return currencies.split()[0]
    return ""


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
    if not _GROUP.fullmatch(text):
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


def shared_out(amount: int, part: int, whole: int) -> int:
    """The same part of an amount as `part` is of `whole`, halves rounded up; exact for whole numbers of any size."""
    return (2 * amount * part + whole) // (2 * whole)


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount in whole parts in proportion to weights (not negative) that add up to it exactly.

    What rounding down leaves goes to the largest remainders, the earlier of equal ones first. Without any weight the
    first part is all of it.
    """
    whole = sum(weights)
    if not weights or not whole:
        return [amount, *[0] * (len(weights) - 1)] if weights else []
    parts = [divmod(amount * weight, whole) for weight in weights]
    left = amount - sum(part for part, _ in parts)
    by_remainder = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))
    more = frozenset(by_remainder[:left])
    return [part + (place in more) for place, (part, _) in enumerate(parts)]


def parse_discount(text: str, of: int, currency: str, *, decimal_comma: bool | None = False) -> int:
    """What somebody typed as a discount, in minor units: an amount, or a percentage such as "12.5%" of the amount `of`.

    A percentage is rounded half up; nothing is no discount.

    Raises: `InvalidInputError`.
    """
    typed = text.strip()
    if not typed:
        return 0
    if not typed.endswith("%"):
        return parse_amount(typed, currency, "Discount", decimal_comma=decimal_comma)
    number = typed.removesuffix("%").strip().replace(",", ".")
    if not re.fullmatch(r"\d{1,3}([.]\d{0,4})?", number) or Decimal(number) > 100:
        raise InvalidInputError("A discount in percent is a number from 0 to 100, such as 10%.", "discount")
    return half_up(Decimal(of) * Decimal(number) / 100)
