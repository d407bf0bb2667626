"""Phone numbers in one form, so that they compare equal however they are written (Google's libphonenumber)."""

from __future__ import annotations

import re
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from babel.core import Locale, UnknownLocaleError, get_global
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

LONGEST = 50
"""In characters, with spaces and signs. E.164 has 15 digits at most."""
_SCIENTIFIC = re.compile(r"\+?(\d)(?:[.,](\d+))?e\+?(\d{1,2})", re.IGNORECASE)
_WHOLE = re.compile(r"(\+?\d+)[.,]0+")
_COUNTING = ("01234567890123456789", "98765432109876543210")
_FEWEST_DIGITS = 3
"""Different digits that a real number has at least. Fewer fill a field that must not be empty: 000000, 1212121."""


@lru_cache(1 << 14)
def e164_of(text: str, region: str) -> str | None:
    """The number in E.164, such as "+4930123456"; None when it is no number, or a placeholder.

    `region` is the country of numbers without a country code, as ISO 3166 ("DE"); "" is not known. A number with an
    extension has no form in E.164, so it is None.
    """
    bare = plain_number(text)
    if bare is None or len(bare) > LONGEST or not any(map(str.isdigit, bare)):
        return None
    number = _parsed(bare, region) or _with_country_code(bare)
    if number is None or number.extension or _is_filler(str(number.national_number)):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def plain_number(text: str) -> str | None:
    """The text without what a spreadsheet made of a number ("4.930123456E+9", "4930.0"); None when digits are lost."""
    bare = text.strip().removeprefix("'")
    if match := _SCIENTIFIC.fullmatch(bare):
        first, rest, exponent = match[1], match[2] or "", int(match[3])
        return first + rest if len(rest) == exponent else None
    match = _WHOLE.fullmatch(bare)
    return match[1] if match else bare


def region_of(zone: ZoneInfo, locale: str) -> str:
    """The country of a shop: that of its time zone, else that of its locale, else "" (Unicode CLDR)."""
    territory = get_global("zone_territories").get(zone.key, "")
    if len(territory) == 2 and territory.isalpha():
        return str(territory)
    try:
        return Locale.parse(locale).territory or ""
    except (UnknownLocaleError, ValueError):
        return ""


def _parsed(text: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region or None)
    except NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _with_country_code(text: str) -> PhoneNumber | None:
    """The number whose "+" was lost, or written as "00" in a country that dials something else."""
    digits = re.sub(r"\D", "", text)
    number = _parsed(f"+{digits.removeprefix('00')}", "")
    return number if number is not None and phonenumbers.is_valid_number(number) else None


def _is_filler(digits: str) -> bool:
    return len(set(digits)) < _FEWEST_DIGITS or any(digits in counting for counting in _COUNTING)
