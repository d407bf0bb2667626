"""Whether one customer belongs to a rule, by what is known of them: yes, no, or unknown (None)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.domain.customers import Customer
from backend.domain.rfm import Fifths, Scores, class_of, scores_of
from backend.domain.segments import (
    Bought,
    ConsentState,
    Day,
    DayField,
    DayTest,
    EmailState,
    Goods,
    Group,
    Mailed,
    MailEvent,
    MailKind,
    Match,
    Number,
    NumberField,
    NumberTest,
    Rule,
    Test,
    WordField,
    Words,
)


@dataclass(frozen=True, slots=True)
class Purchase:
    """A product that the customer bought, and when (the shop's day)."""

    day: date
    product: str
    sku: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a customer. None is what was not looked up, or what nobody can tell here.

    `order_days` are those of orders that were not cancelled. `mailed` holds the last day of each event and kind.
    """

    customer: Customer
    joined: date
    order_days: Sequence[date] | None = None
    purchases: Sequence[Purchase] | None = None
    email: EmailState | None = None
    mailed: Mapping[tuple[MailEvent, MailKind], date] | None = None
    fifths: Fifths | None = None


def matches(rule: Rule, facts: Facts, today: date) -> bool | None:
    """None when it depends on something that is not known."""
    if facts.customer.archived and not rule.archived:
        return False
    return _group(rule.group, facts, today)


def _group(group: Group, facts: Facts, today: date) -> bool | None:
    if not group.parts:
        return True
    answers = [
        _group(part, facts, today) if isinstance(part, Group) else _test(part, facts, today) for part in group.parts
    ]
    decisive = group.match is Match.ANY
    if decisive in answers:
        return decisive
    return None if None in answers else not decisive


def _test(test: Test, facts: Facts, today: date) -> bool | None:
    answer = _answer(test, facts, today)
    return answer if answer is None else answer != test.negated


def _answer(test: Test, facts: Facts, today: date) -> bool | None:
    match test:
        case Number():
            return _number(test, facts)
        case Day():
            return _day(test, facts, today)
        case Words():
            return _words(test, facts)
        case Bought():
            return _bought(test, facts, today)
        case Mailed():
            return _mailed(test, facts, today)


def _number(test: Number, facts: Facts) -> bool | None:
    value = _figure(test.field, facts)
    if value is None:
        return None
    match test.test:
        case NumberTest.AT_LEAST:
            return value >= test.low
        case NumberTest.AT_MOST:
            return value <= test.low
        case NumberTest.EXACTLY:
            return value == test.low
        case NumberTest.BETWEEN:
            return test.low <= value <= test.high


def _figure(field: NumberField, facts: Facts) -> int | None:
    orders, revenue = facts.customer.orders, facts.customer.revenue
    match field:
        case NumberField.REVENUE:
            return revenue
        case NumberField.ORDERS:
            return orders
        case NumberField.AVERAGE:
            return (2 * revenue + orders) // (2 * orders) if orders > 0 else 0
    scores = _scores(facts)
    if scores is None:
        return None
    return {
        NumberField.RECENCY: scores.recency,
        NumberField.FREQUENCY: scores.frequency,
        NumberField.MONEY: scores.money,
    }[field]


def _scores(facts: Facts) -> Scores | None:
    if facts.fifths is None or facts.order_days is None:
        return None
    last = max(facts.order_days, default=None)
    return scores_of(facts.customer.orders, last, facts.customer.revenue, facts.fifths)


def _day(test: Day, facts: Facts, today: date) -> bool | None:
    if test.field is DayField.JOINED:
        return _day_fits(test, facts.joined, today)
    if facts.order_days is None:
        return None
    end = min if test.field is DayField.FIRST_ORDER else max
    return _day_fits(test, end(facts.order_days, default=None), today)


def _day_fits(test: Day, day: date | None, today: date) -> bool:
    if day is None:
        return False
    ago = today - timedelta(days=test.days)
    match test.test:
        case DayTest.WITHIN:
            return day >= ago
        case DayTest.LONGER_AGO:
            return day < ago
        case DayTest.THIS_MONTH:
            return (day.year, day.month) == (today.year, today.month)
        case DayTest.EVER:
            return True
        case DayTest.FROM | DayTest.UNTIL | DayTest.BETWEEN:
            from_first = test.test is DayTest.UNTIL or test.first is None or day >= test.first
            until_last = test.test is DayTest.FROM or test.last is None or day <= test.last
            return from_first and until_last


def _words(test: Words, facts: Facts) -> bool | None:
    had = _words_had(test.field, facts)
    return None if had is None else any(word in test.words for word in had)


def _words_had(field: WordField, facts: Facts) -> Sequence[str] | None:
    customer = facts.customer
    match field:
        case WordField.COUNTRY:
            return [customer.country]
        case WordField.CITY:
            return [customer.city]
        case WordField.TAG:
            return customer.tags
        case WordField.CONSENT:
            return [consent_of(customer)]
        case WordField.EMAIL:
            return None if facts.email is None else [facts.email]
        case WordField.CLASS:
            scores = _scores(facts)
            found = None if scores is None else class_of(scores.recency, scores.frequency)
            return None if scores is None else [found] if found else []


def consent_of(customer: Customer) -> ConsentState:
    """The customer's last answer about marketing."""
    if customer.consent is None:
        return ConsentState.UNANSWERED
    return ConsentState.GIVEN if customer.consent.given else ConsentState.REFUSED


def _bought(test: Bought, facts: Facts, today: date) -> bool | None:
    if facts.purchases is None:
        return None
    since = today - timedelta(days=test.days) if test.days else date.min
    return any(
        (bought.product if test.by is Goods.PRODUCT else bought.sku) in test.words and bought.day >= since
        for bought in facts.purchases
    )


def _mailed(test: Mailed, facts: Facts, today: date) -> bool | None:
    if facts.mailed is None:
        return None
    kinds = (MailKind.MARKETING, MailKind.TRANSACTIONAL) if test.mail is MailKind.ANY else (test.mail,)
    days = [day for kind in kinds if (day := facts.mailed.get((test.event, kind)))]
    since = today - timedelta(days=test.days) if test.days else date.min
    return any(day >= since for day in days)
