"""The filters of templates, which are written behind a bar, as in `{{ order.total | money }}`.

They are a closed set, which replaces Jinja2's, so that each counts against the limits. Money, dates and
numbers are written for the shop's currency, time zone and language, which come with the data as `shop`.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from jinja2 import Undefined, pass_context, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup, escape

from backend.domain.money import format_money
from backend.email.rendering.errors import LimitError, MisuseError
from backend.email.rendering.limits import LONGEST_VALUE, MOST_DIGITS, bounded_number, budget, paid

_FORMATS = ("short", "medium", "long", "full")
_money = lru_cache(maxsize=8192)(format_money)
_zone = lru_cache(maxsize=16)(ZoneInfo)


class Moment(str):
    """A moment as text. It shows itself through the filters “date” and “datetime” only."""

    __slots__ = ()


@pass_context
def money(context: Context, amount: int, currency: str = "") -> str:
    """An amount in minor units with its currency: `{{ 1250 | money }}` is "$12.50"."""
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise MisuseError("“money” needs an amount, such as order.total.")
    bounded_number(amount)
    if not isinstance(currency, str):
        raise MisuseError('The currency of “money” is a text, such as "EUR".')
    shop = context["shop"]
    return _money(amount, currency or shop["currency"], shop["locale"])


@pass_context
def day(context: Context, moment: object, form: str = "long") -> str:
    """The day of a moment in the shop's time zone: "November 26, 2026"; `form` is short, medium, long or full."""
    return _formatted(_day, context, moment, form)


@pass_context
def day_and_time(context: Context, moment: object, form: str = "medium") -> str:
    """Day and time of a moment in the shop's time zone: "Nov 26, 2026, 1:30 PM"."""
    return _formatted(_day_and_time, context, moment, form)


@pass_context
def plural(context: Context, number: int, one: str, many: str) -> str:
    """A number with its noun: `{{ 3 | plural("item", "items") }}` is "3 items"."""
    bounded_number(number)
    shown = str(number) if 0 <= number < 1000 else format_decimal(number, locale=context["shop"]["locale"])
    return paid(f"{shown} {_text(one if number == 1 else many)}")


@pass_eval_context
def paragraphs(eval_ctx: EvalContext, value: object) -> str:
    """A text of several lines: in HTML with a paragraph for each block, and line breaks; in texts as it is."""
    text = "\n".join(_text(value).strip().splitlines())
    if not eval_ctx.autoescape:
        return paid(text)
    blocks = (escape(block).replace("\n", Markup("<br/>")) for block in re.split(r"\n\s*\n", text))
    return paid(Markup("").join(Markup("<p>{}</p>").format(block) for block in blocks))


def default(value: object, otherwise: object = "", empty_too: bool = False) -> object:
    """The value, or the other one where there is none; with `true` also where it is empty."""
    return otherwise if isinstance(value, Undefined) or (empty_too and not value) else value


def upper(value: object) -> str:
    return paid(_text(value).upper())


def lower(value: object) -> str:
    return paid(_text(value).lower())


def capitalize(value: object) -> str:
    return paid(_text(value).capitalize())


def title(value: object) -> str:
    return paid(_text(value).title())


def trim(value: object) -> str:
    return paid(_text(value).strip())


def truncate(value: object, length: int = 80, end: str = "…") -> str:
    """The text cut after whole words, with an ellipsis, if it is longer than this."""
    text, end = _text(value), _text(end)
    if len(text) <= length:
        return paid(text)
    room = max(length - len(end), 0)
    words, space, _ = text[: room + 1].rpartition(" ")
    return paid((words if space else text[:room]) + end)


def length(value: Sequence[object] | Mapping[str, object]) -> int:
    return len(value)


def first(value: Sequence[object]) -> object:
    return value[0] if value else None


def last(value: Sequence[object]) -> object:
    return value[-1] if value else None


def join(values: Sequence[object], between: str = ", ") -> str:
    """The texts in a row. Where one of them is HTML, the others are escaped."""
    budget.get().spend(len(values))
    texts, between = [_text(value) for value in values], _text(between)
    if len(between) * len(texts) + sum(map(len, texts)) > LONGEST_VALUE:
        raise LimitError(f"It builds a text of more than {LONGEST_VALUE:,} characters.")
    if any(isinstance(text, Markup) for text in (between, *texts)):
        return paid(escape(between).join(texts))
    return paid(between.join(texts))


_HALF_UP = decimal.Context(prec=100, rounding=ROUND_HALF_UP)


def rounded(value: float, digits: int = 0) -> float:
    if not isinstance(value, (int, float)) or not isinstance(digits, int):
        raise MisuseError("“round” works with numbers only.")
    if abs(digits) > MOST_DIGITS:
        raise LimitError(f"It rounds to more than {MOST_DIGITS} digits.")
    bounded_number(value)
    exact = Decimal(str(value + 0)).quantize(Decimal(1).scaleb(-digits), context=_HALF_UP)
    return float(exact) if digits and isinstance(value, float) else int(exact)


def escaped(value: object) -> Markup:
    return escape(paid(_text(value)))


FILTERS: dict[str, Callable[..., Any]] = {
    "money": money,
    "date": day,
    "datetime": day_and_time,
    "plural": plural,
    "paragraphs": paragraphs,
    "default": default,
    "upper": upper,
    "lower": lower,
    "capitalize": capitalize,
    "title": title,
    "trim": trim,
    "truncate": truncate,
    "length": length,
    "first": first,
    "last": last,
    "join": join,
    "round": rounded,
    "escape": escaped,
    "e": escaped,
}


def _text(value: object) -> str:
    """Raises: `MisuseError` for lists and records, `MissingValueError`."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (int, float, Undefined)):
        return str(value)
    raise MisuseError("A text is needed, but there is a list, a date or a record.")


def _formatted(write: Callable[[datetime, str, str, str], str], context: Context, moment: object, form: str) -> str:
    if form not in _FORMATS:
        shown = form[:20] if isinstance(form, str) else "something else"
        raise MisuseError(f"Dates can be {', '.join(_FORMATS)}, but not “{shown}”.")
    shop = context["shop"]
    return write(_moment(moment), form, shop["zone"], shop["locale"])


def _moment(value: object) -> datetime:
    """Moments as they are; a day without a time is its noon in UTC, which is that day in nearly every time zone."""
    if isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, 12, tzinfo=UTC)
    raise MisuseError("A date is needed, but there is something else.")


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise MisuseError(f"“{text[:40]}” is not a date such as 2026-11-26.") from error


@lru_cache(maxsize=1024)
def _day(moment: datetime, form: str, zone: str, locale: str) -> str:
    return str(format_date(moment.astimezone(_zone(zone)).date(), form, locale))


@lru_cache(maxsize=1024)
def _day_and_time(moment: datetime, form: str, zone: str, locale: str) -> str:
    local = moment.astimezone(_zone(zone))
    # CLDR puts a narrow space before AM and PM, which many fonts of mail clients lack.
    return f"{format_date(local.date(), form, locale)}, {format_time(local, 'short', _zone(zone), locale)}".replace(
        "\u202f", "\u00a0"
    )
