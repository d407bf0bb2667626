"""A rule reads as an English sentence."""

from __future__ import annotations

from datetime import date

import pytest

from backend.domain.segments import (
    EVERYBODY,
    Bought,
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
    Rule,
    Test,
    WordField,
    Words,
)
from backend.services.context import Shop
from backend.services.segments.sentences import phrase, sentence

SPENT = Number(NumberField.REVENUE, NumberTest.AT_LEAST, 10_000)
ONCE = Number(NumberField.ORDERS, NumberTest.EXACTLY, 1)


def test_a_whole_rule_reads_as_a_sentence(shop: Shop) -> None:
    live = Words(WordField.COUNTRY, ("DE", "AT"), negated=True)
    rule = Rule(Group(Match.ANY, (SPENT, Group(Match.ALL, (ONCE, live)))), archived=True)
    assert sentence(shop, rule) == (
        "Customers who have spent at least $100.00 or (have ordered once and do not live in Germany or Austria). "
        "Archived ones count too."
    )
    assert sentence(shop, EVERYBODY) == "All customers."


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (Number(NumberField.REVENUE, NumberTest.BETWEEN, 100, 200), "have spent between $1.00 and $2.00"),
        (Number(NumberField.ORDERS, NumberTest.EXACTLY, 0), "have never ordered"),
        (Number(NumberField.ORDERS, NumberTest.AT_LEAST, 3, negated=True), "have not ordered at least 3 times"),
        (Number(NumberField.AVERAGE, NumberTest.AT_MOST, 50), "spend at most $0.50 an order on average"),
        (Number(NumberField.MONEY, NumberTest.EXACTLY, 5), "have a money score of exactly 5"),
        (Day(DayField.LAST_ORDER, DayTest.LONGER_AGO, 90), "placed their last order more than 90 days ago"),
        (Day(DayField.FIRST_ORDER, DayTest.EVER, negated=True), "have never ordered"),
        (Day(DayField.JOINED, DayTest.THIS_MONTH), "became customers this month"),
        (
            Day(DayField.JOINED, DayTest.BETWEEN, first=date(2026, 1, 1), last=date(2026, 2, 1)),
            "became customers between Jan 1, 2026 and Feb 1, 2026",
        ),
        (Words(WordField.CITY, ("",)), "live in no known city"),
        (Words(WordField.TAG, tuple("abcdef")), "have the tag “a”, “b”, “c” or 3 others"),
        (Words(WordField.CONSENT, ("given",), negated=True), "have not agreed to marketing"),
        (Words(WordField.EMAIL, ("bounced",)), "have the email status “bounced”"),
        (Words(WordField.CLASS, ("at risk",), negated=True), "are not marked “At risk”"),
        (Bought(Goods.PRODUCT, ("Tea",), negated=True), "have never bought “Tea”"),
        (Bought(Goods.SKU, ("T1",), 30), "have bought SKU “T1” in the last 30 days"),
        (
            Mailed(MailEvent.OPENED, MailKind.MARKETING, 30, negated=True),
            "did not open a marketing email in the last 30 days",
        ),
        (Mailed(MailEvent.CLICKED, negated=True), "never clicked in any email"),
        (Mailed(MailEvent.SENT, days=1), "were sent any email today or yesterday"),
    ],
)
def test_a_condition_reads_as_part_of_a_sentence(shop: Shop, test: Test, words: str) -> None:
    assert phrase(shop, test) == words
