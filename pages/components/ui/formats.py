"""How values are written for people: money, numbers, days and names, in the shop's currency, locale and time zone.

What people typed is shown as they typed it. Streamlit reads Markdown in most texts and labels, so whatever comes from
people passes through `plain` before it gets there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Literal, TypeVar

import streamlit as st
from babel import Locale
from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent, get_decimal_symbol

from backend.domain.money import decimals_of, format_money, half_up
from backend.domain.money import plain as in_units
from backend.domain.names import is_address
from backend.domain.orders import Order, OrderStatus
from backend.services.context import Shop

_Option = TypeVar("_Option")

NO_COUNTRY = "-"
"""How the counters write "without a country"."""

_PART = ":gray[]"
"""Nothing, in a colour: the text before and after it is the same to people, and in what they copy, but Streamlit reads
it as two."""
_SIGNS = re.compile(r"[!-/:-@\[-`{-~]")
_AFTER_PARSING = re.compile(r"(?<=\w)@(?=\w)|:(?=[\w+/-])|(?<=[<>=~-])(?=[<>=~-])|\bwww(?=\.)", re.IGNORECASE)
"""What Streamlit turns into links, emojis and arrows even where it is escaped."""

STATUS_LABELS = {
    OrderStatus.PENDING: "Pending",
    OrderStatus.PAID: "Paid",
    OrderStatus.FULFILLED: "Fulfilled",
    OrderStatus.CANCELLED: "Cancelled",
}
STATUS_ICONS = {
    OrderStatus.PENDING: ":material/schedule:",
    OrderStatus.PAID: ":material/payments:",
    OrderStatus.FULFILLED: ":material/check_circle:",
    OrderStatus.CANCELLED: ":material/cancel:",
}
STATUS_COLORS = {
    OrderStatus.PENDING: "orange",
    OrderStatus.PAID: "blue",
    OrderStatus.FULFILLED: "green",
    OrderStatus.CANCELLED: "gray",
}


def plain(text: str) -> str:
    """The text for a place that reads Markdown, so that it appears, and is copied, as it is."""
    ends = [found.end() for found in _AFTER_PARSING.finditer(text)]
    pieces = [text[start:end] for start, end in pairwise((0, *ends, len(text)))]
    return _PART.join(_SIGNS.sub(lambda found: "\\" + found.group(), piece) for piece in pieces).replace("\n", " ")


def name_of(name: str, nobody: str = "No name") -> str:
    """A customer's name as pages show it; `nobody` where there is none: an address may be stored in its place."""
    return nobody if not name or is_address(name) else name


def customer(name: str, nobody: str = "this customer") -> str:
    """The same inside a sentence, as Markdown."""
    return f"**{plain(name_of(name, nobody))}**"


def legible(words: Callable[[_Option], str]) -> Callable[[_Option], str]:
    """`words` as the labels of segments and pills.

    Streamlit writes the chosen one in the primary colour, which has a contrast of 3.4:1 in the dark theme. No primary
    colour gives 4.5:1 both here and under the white text of buttons, so in the dark the labels are green.
    """
    if st.context.theme.type != "dark":
        return words
    return lambda option: f":green[{words(option)}]"


def badge(text: str, color: str, icon: str = "") -> str:
    """Markdown for a badge inside a text or label; `text` is shown as it is."""
    return f":{color}-badge[{icon + ' ' if icon else ''}{plain(text)}]"


def status_label(status: OrderStatus) -> str:
    """Icon and word of a status, for an option."""
    return f"{STATUS_ICONS[status]} {STATUS_LABELS[status]}"


def status_badge(status: OrderStatus) -> str:
    """Markdown for the badge of a status: icon, word and colour say the same."""
    return badge(STATUS_LABELS[status], STATUS_COLORS[status], STATUS_ICONS[status])


def money(shop: Shop, minor: int) -> str:
    """Such as "$1,234.50"."""
    return format_money(minor, shop.currency, shop.locale)


def balance(shop: Shop, order: Order) -> str:
    """What is still to be paid of an order, such as "$4.00 still to be paid"."""
    amount = money(shop, abs(order.balance))
    return f"{amount} still to be paid" if order.balance > 0 else f"{amount} to be given back"


def round_money(shop: Shop, minor: int) -> str:
    """For large figures at a glance: without cents from a thousand on, such as "$1,235"."""
    return money(shop, minor) if abs(in_units(minor, shop.currency)) < 1000 else _whole_money(shop, minor)


def short_money(shop: Shop, minor: int) -> str:
    """For axes: whole units, and short from a million on, such as "$12,000" and "$1.2M"."""
    units = in_units(minor, shop.currency)
    if abs(units) < 1_000_000:
        return _whole_money(shop, minor)
    return str(format_compact_currency(units, shop.currency, locale=shop.locale, fraction_digits=1))


def count(shop: Shop, number: int) -> str:
    """Such as "12,345"."""
    return str(format_decimal(number, locale=shop.locale))


def decimal(shop: Shop, number: Decimal, digits: int) -> str:
    """Such as "1.25"; halves are rounded up."""
    step = Decimal(1).scaleb(-digits)
    return str(format_decimal(number.quantize(step, ROUND_HALF_UP), format=f"#,##0.{'0' * digits}", locale=shop.locale))


def counted(shop: Shop, number: int, one: str, many: str = "") -> str:
    """Such as "1 order" and "12,345 orders"."""
    return f"{count(shop, number)} {one if number == 1 else many or one + 's'}"


def percent(shop: Shop, share: float, digits: int = 1) -> str:
    """Such as "12.5%" for 0.125."""
    return str(format_percent(share, format=_percent_pattern(shop.locale, digits), locale=shop.locale))


def clock_of(shop: Shop) -> Literal["12h", "24h"]:
    """How fields show times: as the shop's locale writes them elsewhere."""
    return "12h" if "a" in str(Locale.parse(shop.locale).time_formats["short"]) else "24h"


def time_of_day(shop: Shop, value: time) -> str:
    """Such as "10:00 AM" or "10:00"."""
    return str(format_time(value, "short", locale=shop.locale))


def day(shop: Shop, value: date) -> str:
    """Such as "Nov 24, 2026"."""
    return str(format_date(value, "medium", locale=shop.locale))


def short_day(shop: Shop, value: date) -> str:
    """Without the year, such as "Nov 24"."""
    return _by_skeleton("MMMd", value, shop.locale)


def month(shop: Shop, value: date, *, short: bool = False) -> str:
    """The month of a day, such as "November 2026" or "Nov 2026"."""
    return _by_skeleton("yMMM" if short else "yMMMM", value.replace(day=1), shop.locale)


def span(shop: Shop, first: date, last: date) -> str:
    """Both ends of a range of days, or the one day."""
    return day(shop, first) if first == last else f"{day(shop, first)} \u2013 {day(shop, last)}"


def moment(shop: Shop, value: datetime) -> str:
    """Day and time in the shop's zone, such as "Nov 24, 2026, 2:05 PM"."""
    local = value.astimezone(shop.zone)
    return f"{day(shop, local.date())}, {format_time(local, 'short', locale=shop.locale)}"


def brief_moment(shop: Shop, value: datetime, year: int) -> str:
    """For lists: day and time within this year, such as "Nov 24, 2:05 PM", and the day alone before."""
    local = value.astimezone(shop.zone)
    if local.year != year:
        return day(shop, local.date())
    return f"{short_day(shop, local.date())}, {format_time(local, 'short', locale=shop.locale)}"


def country(shop: Shop, code: str) -> str:
    """The name of a country in the language of the shop's locale; an unknown code stays as it is."""
    if not code or code == NO_COUNTRY:
        return "No country"
    return _territories(shop.locale).get(code, code)


def countries(shop: Shop) -> dict[str, str]:
    """Names by code of all countries, in the order of their names."""
    names = _territories(shop.locale)
    return dict(
        sorted(((c, n) for c, n in names.items() if c.isalpha() and c not in _NO_COUNTRIES), key=lambda p: p[1])
    )


def date_input_format(shop: Shop) -> str:
    """How date inputs write a day: the order of the shop's locale, in one of Streamlit's forms."""
    pattern = Locale.parse(shop.locale).date_formats["short"].pattern.lower()
    order = sorted("dmy", key=pattern.find)
    separator = next((sign for sign in pattern if sign in "/.-"), "/")
    return separator.join({"d": "DD", "m": "MM", "y": "YYYY"}[part] for part in order)


def decimal_comma(shop: Shop) -> bool:
    """Whether the shop's locale writes 1,50 for one and a half."""
    return bool(get_decimal_symbol(shop.locale) == ",")


def amount_text(shop: Shop, minor: int) -> str:
    """An amount as an input shows it: no currency sign, no grouping, the locale's decimal sign."""
    text = f"{in_units(minor, shop.currency):.{decimals_of(shop.currency)}f}"
    return text.replace(".", ",") if decimal_comma(shop) else text


def listed(texts: Sequence[str]) -> str:
    """Such as "name, city and phone"."""
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1]))) if texts else ""


def _whole_money(shop: Shop, minor: int) -> str:
    pattern = _whole_units(shop.locale)
    units = half_up(in_units(minor, shop.currency))
    return str(format_currency(units, shop.currency, format=pattern, locale=shop.locale, currency_digits=False))


_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"})


@lru_cache(maxsize=16)
def _territories(locale: str) -> dict[str, str]:
    return {code: str(name) for code, name in Locale.parse(locale).territories.items() if len(code) == 2}


@lru_cache(maxsize=1024)
def _by_skeleton(skeleton: str, value: date, locale: str) -> str:
    return str(format_skeleton(skeleton, datetime(value.year, value.month, value.day), locale=locale))  # noqa: DTZ001 - a day


@lru_cache(maxsize=16)
def _percent_pattern(locale: str, digits: int) -> str:
    pattern: str = Locale.parse(locale).percent_formats[None].pattern
    whole, sign, after = pattern.rpartition("0")
    return whole + sign + ("." + "0" * digits if digits else "") + after


@lru_cache(maxsize=16)
def _whole_units(locale: str) -> str:
    return re.sub(r"\.0+", "", Locale.parse(locale).currency_formats["standard"].pattern)
