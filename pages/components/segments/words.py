"""What people can choose from in the builder of segments: the kinds of conditions, and how their parts are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from backend.domain.rfm import RfmClass
from backend.domain.segments import (
    Bought,
    ConsentState,
    Day,
    DayField,
    DayTest,
    EmailState,
    Goods,
    Mailed,
    MailEvent,
    MailKind,
    Number,
    NumberField,
    NumberTest,
    Test,
    WordField,
    Words,
)


class What(StrEnum):
    """The kinds of conditions, in the order in which they are offered."""

    REVENUE = "Revenue"
    ORDERS = "Number of orders"
    AVERAGE = "Average order"
    FIRST_ORDER = "First order"
    LAST_ORDER = "Last order"
    PRODUCT = "Product bought"
    SKU = "SKU bought"
    JOINED = "Customer since"
    COUNTRY = "Country"
    CITY = "City"
    TAG = "Tag"
    CONSENT = "Marketing consent"
    EMAIL = "Email status"
    SENT = "Emails sent"
    OPENED = "Emails opened"
    CLICKED = "Emails clicked"
    CLASS = "Kind of buyer"
    RECENCY = "Recency score"
    FREQUENCY = "Frequency score"
    MONEY = "Money score"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a condition of this kind begins, and what it is recognised by."""

    begin: Callable[[], Test]
    part: StrEnum


def _number(field: NumberField, low: int) -> _Kind:
    return _Kind(lambda: Number(field, NumberTest.AT_LEAST, low), field)


def _day(field: DayField) -> _Kind:
    return _Kind(lambda: Day(field, DayTest.WITHIN, days=30), field)


def _words(field: WordField, *words: str) -> _Kind:
    return _Kind(lambda: Words(field, words), field)


def _mailed(event: MailEvent) -> _Kind:
    return _Kind(lambda: Mailed(event, MailKind.ANY, 30), event)


_KINDS: dict[What, _Kind] = {
    What.REVENUE: _number(NumberField.REVENUE, 10_000),
    What.ORDERS: _number(NumberField.ORDERS, 2),
    What.AVERAGE: _number(NumberField.AVERAGE, 5_000),
    What.FIRST_ORDER: _day(DayField.FIRST_ORDER),
    What.LAST_ORDER: _day(DayField.LAST_ORDER),
    What.PRODUCT: _Kind(lambda: Bought(Goods.PRODUCT, ()), Goods.PRODUCT),
    What.SKU: _Kind(lambda: Bought(Goods.SKU, ()), Goods.SKU),
    What.JOINED: _day(DayField.JOINED),
    What.COUNTRY: _words(WordField.COUNTRY),
    What.CITY: _words(WordField.CITY),
    What.TAG: _words(WordField.TAG),
    What.CONSENT: _words(WordField.CONSENT, ConsentState.GIVEN),
    What.EMAIL: _words(WordField.EMAIL, EmailState.REACHABLE),
    What.SENT: _mailed(MailEvent.SENT),
    What.OPENED: _mailed(MailEvent.OPENED),
    What.CLICKED: _mailed(MailEvent.CLICKED),
    What.CLASS: _words(WordField.CLASS, RfmClass.CHAMPIONS),
    What.RECENCY: _number(NumberField.RECENCY, 4),
    What.FREQUENCY: _number(NumberField.FREQUENCY, 4),
    What.MONEY: _number(NumberField.MONEY, 4),
}


def begin(what: What) -> Test:
    """A condition of this kind as it is first shown."""
    return _KINDS[what].begin()


def label_of(word: str) -> str:
    """What people read for a stored word of a closed list."""
    return RfmClass(word).label if word in list(RfmClass) else word.capitalize()


def what_of(test: Test) -> What:
    """The kind of a condition."""
    part: StrEnum
    match test:
        case Number() | Day() | Words():
            part = test.field
        case Bought():
            part = test.by
        case Mailed():
            part = test.event
    return next(what for what, kind in _KINDS.items() if kind.part is part)


DAY_TESTS = {
    DayTest.WITHIN: "in the last … days",
    DayTest.LONGER_AGO: "more than … days ago",
    DayTest.FROM: "on or after",
    DayTest.UNTIL: "on or before",
    DayTest.BETWEEN: "between",
    DayTest.THIS_MONTH: "this month",
    DayTest.EVER: "ever",
}
CLOSED_WORDS: dict[WordField, type[StrEnum]] = {
    WordField.CONSENT: ConsentState,
    WordField.EMAIL: EmailState,
    WordField.CLASS: RfmClass,
}
HELP = {
    What.EMAIL: "Whether mail reaches the customer. “unsubscribed” customers still get emails about their orders.",
    What.CLASS: "By how recently and how often a customer bought; see Insights.",
    What.RECENCY: "1 to 5. 5 is the most recent 20% of your buyers.",
    What.FREQUENCY: "1 to 5: one order, two, three or four, five to nine, ten or more.",
    What.MONEY: "1 to 5. 5 is the top 20% of your buyers by spending.",
    What.OPENED: "Opens are an estimate: some mail apps open everything, some hide it.",
}
