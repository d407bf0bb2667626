"""Rules in plain English: one sentence that says who belongs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from babel import Locale
from babel.dates import format_date

from backend.domain.money import format_money
from backend.domain.rfm import RfmClass
from backend.domain.segments import (
    Bought,
    ConsentState,
    Day,
    DayField,
    DayTest,
    Goods,
    Group,
    Mailed,
    MailEvent,
    MailKind,
    Match,
    Number,
    NumberField,
    NumberTest,
    Part,
    Rule,
    Test,
    WordField,
    Words,
)
from backend.services.context import Shop

_MOST_NAMED = 4
"""Words of a condition that are spelled out; the others are counted."""
_CONSENT = {
    ConsentState.GIVEN: "agreed to marketing",
    ConsentState.REFUSED: "declined marketing",
    ConsentState.UNANSWERED: "left open whether they want marketing",
}


def sentence(shop: Shop, rule: Rule) -> str:
    """Such as "Customers who have ordered at least 3 times and live in Germany or Austria." Plain text."""
    said = f"Customers who {_group(shop, rule.group)}." if rule.group.parts else "All customers."
    return f"{said} Archived ones count too." if rule.archived else said


def _group(shop: Shop, group: Group) -> str:
    word = " and " if group.match is Match.ALL else " or "
    return word.join(_part(shop, part, alone=len(group.parts) == 1) for part in group.parts)


def _part(shop: Shop, part: Part, *, alone: bool) -> str:
    if not isinstance(part, Group):
        return phrase(shop, part)
    if not part.parts:
        return "are anybody"
    inner = _group(shop, part)
    return inner if alone or len(part.parts) == 1 else f"({inner})"


def phrase(shop: Shop, test: Test) -> str:
    """One condition, such as "have ordered at least 3 times"; goes after "customers who"."""
    match test:
        case Number():
            return _number(shop, test)
        case Day():
            return _day(shop, test)
        case Words():
            return _words(shop, test)
        case Bought():
            return _bought(test)
        case Mailed():
            return _mailed(test)


def _number(shop: Shop, test: Number) -> str:
    no = "not " if test.negated else ""
    match test.field:
        case NumberField.REVENUE:
            return f"have {no}spent {_compared(test, _money(shop, test.low), _money(shop, test.high))}"
        case NumberField.AVERAGE:
            amounts = _compared(test, _money(shop, test.low), _money(shop, test.high))
            return f"{'do not spend' if test.negated else 'spend'} {amounts} an order on average"
        case NumberField.ORDERS:
            return _orders(test)
        case _:
            return f"{'do not have' if test.negated else 'have'} a {test.field} of {_compared(test)}"


def _orders(test: Number) -> str:
    if test.test is NumberTest.EXACTLY and test.low == 0:
        return "have ordered" if test.negated else "have never ordered"
    if test.test is NumberTest.EXACTLY and test.low == 1:
        return "have not ordered exactly once" if test.negated else "have ordered once"
    times = "time" if test.test is not NumberTest.BETWEEN and test.low == 1 else "times"
    return f"have {'not ' if test.negated else ''}ordered {_compared(test)} {times}"


def _compared(test: Number, low: str = "", high: str = "") -> str:
    low, high = low or f"{test.low:,}", high or f"{test.high:,}"
    return f"between {low} and {high}" if test.test is NumberTest.BETWEEN else f"{test.test} {low}"


def _day(shop: Shop, test: Day) -> str:
    if test.test is DayTest.EVER and test.field is not DayField.JOINED:
        return "have never ordered" if test.negated else "have ordered"
    what = {
        DayField.JOINED: ("became customers", "did not become customers"),
        DayField.FIRST_ORDER: ("placed their first order", "did not place their first order"),
        DayField.LAST_ORDER: ("placed their last order", "did not place their last order"),
    }[test.field][test.negated]
    return f"{what} {_when(shop, test)}".rstrip()


def _when(shop: Shop, test: Day) -> str:
    first, last = (_date(shop, day) if day else "" for day in (test.first, test.last))
    return {
        DayTest.WITHIN: _within(test.days),
        DayTest.LONGER_AGO: f"more than {_days(test.days)} ago",
        DayTest.FROM: f"on or after {first}",
        DayTest.UNTIL: f"on or before {last}",
        DayTest.BETWEEN: f"between {first} and {last}",
        DayTest.THIS_MONTH: "this month",
        DayTest.EVER: "",
    }[test.test]


def _words(shop: Shop, test: Words) -> str:
    no = test.negated
    match test.field:
        case WordField.COUNTRY:
            return f"{'do not live' if no else 'live'} in {_listed([country_name(shop, w) for w in test.words])}"
        case WordField.CITY:
            return f"{'do not live' if no else 'live'} in {_listed([w or 'no known city' for w in test.words])}"
        case WordField.TAG:
            return f"{'do not have' if no else 'have'} the tag {_listed([_quoted(w) for w in test.words])}"
        case WordField.CONSENT:
            return f"have {'not ' if no else ''}{_listed([_CONSENT[ConsentState(w)] for w in test.words])}"
        case WordField.EMAIL:
            return f"{'do not have' if no else 'have'} the email status {_listed([_quoted(w) for w in test.words])}"
        case WordField.CLASS:
            return f"{'are not' if no else 'are'} marked {_listed([_quoted(RfmClass(w).label) for w in test.words])}"


def _bought(test: Bought) -> str:
    words = _listed([_quoted(word) for word in test.words])
    goods = f"SKU {words}" if test.by is Goods.SKU else words
    if not test.days:
        return f"have never bought {goods}" if test.negated else f"have bought {goods}"
    return f"{'have not bought' if test.negated else 'have bought'} {goods} {_within(test.days)}"


def _mailed(test: Mailed) -> str:
    email = "any email" if test.mail is MailKind.ANY else f"a {test.mail} email"
    done, undone, never = {
        MailEvent.SENT: ("were sent", "were not sent", "were never sent"),
        MailEvent.OPENED: ("opened", "did not open", "never opened"),
        MailEvent.CLICKED: ("clicked in", "did not click in", "never clicked in"),
    }[test.event]
    if not test.negated:
        return f"{done} {email} {_within(test.days) if test.days else 'at any time'}"
    return f"{undone} {email} {_within(test.days)}" if test.days else f"{never} {email}"


def country_name(shop: Shop, code: str) -> str:
    """In the language of the shop's locale; an unknown code stays as it is."""
    return str(Locale.parse(shop.locale).territories.get(code, code)) if code else "no known country"


def _listed(words: Sequence[str]) -> str:
    if len(words) > _MOST_NAMED:
        words = [*words[: _MOST_NAMED - 1], f"{len(words) - _MOST_NAMED + 1} others"]
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else "nothing"


def _quoted(word: str) -> str:
    return f"“{word}”"


def _within(days: int) -> str:
    return "today or yesterday" if days == 1 else f"in the last {_days(days)}"


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days:,} days"


def _money(shop: Shop, minor: int) -> str:
    return format_money(minor, shop.currency, shop.locale)


def _date(shop: Shop, day: date) -> str:
    return str(format_date(day, "medium", locale=shop.locale))
