"""The segments that come with the program: what most shops ask first. They can be duplicated and then changed."""

from __future__ import annotations

from backend.domain.rfm import RfmClass
from backend.domain.segments import (
    ConsentState,
    Day,
    DayField,
    DayTest,
    Group,
    Match,
    Number,
    NumberField,
    NumberTest,
    Part,
    Rule,
    Segment,
    WordField,
    Words,
)

LAPSED_AFTER_DAYS = 180


def _segment(name: str, text: str, *parts: Part) -> Segment:
    identity = "ready-" + name.lower().replace(" ", "-")
    return Segment(identity, name, Rule(Group(Match.ALL, parts)), text, ready=True)


READY: tuple[Segment, ...] = (
    _segment(
        "Subscribers", "Everybody who has agreed to marketing emails.", Words(WordField.CONSENT, (ConsentState.GIVEN,))
    ),
    _segment(
        "VIPs",
        "The fifth of your buyers that spends most, with three orders or more.",
        Number(NumberField.MONEY, NumberTest.EXACTLY, 5),
        Number(NumberField.ORDERS, NumberTest.AT_LEAST, 3),
    ),
    _segment(
        "At risk",
        "Regular buyers whose last order is long ago, for your shop.",
        Words(WordField.CLASS, (RfmClass.AT_RISK, RfmClass.NOT_TO_LOSE)),
    ),
    _segment(
        "Lapsed",
        f"Their last order is more than {LAPSED_AFTER_DAYS} days ago.",
        Day(DayField.LAST_ORDER, DayTest.LONGER_AGO, days=LAPSED_AFTER_DAYS),
    ),
    _segment("New this month", "They became customers this month.", Day(DayField.JOINED, DayTest.THIS_MONTH)),
    _segment("One-time buyers", "They have ordered once.", Number(NumberField.ORDERS, NumberTest.EXACTLY, 1)),
    _segment("Never bought", "Customers without an order.", Number(NumberField.ORDERS, NumberTest.EXACTLY, 0)),
    _segment(
        "No consent",
        "They have not agreed to marketing emails, so campaigns do not reach them.",
        Words(WordField.CONSENT, (ConsentState.GIVEN,), negated=True),
    ),
)
