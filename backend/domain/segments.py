"""Segments: rules that say which customers belong together, as trees of conditions that a program can check.

A rule is a value. It is stored with a segment, and a campaign keeps the one that it was planned with. What the
conditions mean is defined here; the snapshot evaluates them for all customers, `matching` for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

DEEPEST = 3
"""Groups within groups."""
MOST_CONDITIONS = 30
MOST_WORDS = 100
LONGEST_WORD = 300
MOST_DAYS = 36_500
LARGEST_NUMBER = 10**15


class Match(StrEnum):
    """How many parts of a group have to hold."""

    ALL = "all"
    ANY = "any"


class NumberField(StrEnum):
    """Figures of a customer. Revenue and average order are in minor units; scores are 1 to 5, 0 without orders."""

    REVENUE = "revenue"
    ORDERS = "orders"
    AVERAGE = "average order"
    RECENCY = "recency score"
    FREQUENCY = "frequency score"
    MONEY = "money score"


class NumberTest(StrEnum):
    """How a figure is compared; ends are included."""

    AT_LEAST = "at least"
    AT_MOST = "at most"
    EXACTLY = "exactly"
    BETWEEN = "between"


class DayField(StrEnum):
    """Days of a customer, in the shop's time zone. Cancelled orders are no orders."""

    JOINED = "joined"
    FIRST_ORDER = "first order"
    LAST_ORDER = "last order"


class DayTest(StrEnum):
    """How a day is compared. WITHIN and LONGER_AGO count days back from today; FROM, UNTIL and BETWEEN include ends.

    Today counts as 0 days ago, so WITHIN 1 is today and yesterday. EVER is true when there is such a day.
    """

    WITHIN = "within days"
    LONGER_AGO = "longer ago than days"
    FROM = "on or after"
    UNTIL = "on or before"
    BETWEEN = "between"
    THIS_MONTH = "this month"
    EVER = "ever"


class WordField(StrEnum):
    """What a customer has one or several of, out of a list."""

    COUNTRY = "country"
    CITY = "city"
    TAG = "tag"
    CONSENT = "consent"
    EMAIL = "email"
    CLASS = "class"


class ConsentState(StrEnum):
    """A customer's last answer about marketing."""

    GIVEN = "given"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class EmailState(StrEnum):
    """Whether mail reaches a customer. UNSUBSCRIBED still gets what belongs to orders; the states after it nothing."""

    REACHABLE = "reachable"
    UNSUBSCRIBED = "unsubscribed"
    BLOCKED = "blocked by hand"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    NO_ADDRESS = "no address"


class Goods(StrEnum):
    """How a product is named: by the title or by the SKU of the line items."""

    PRODUCT = "product"
    SKU = "sku"


class MailEvent(StrEnum):
    """What happened with an email. Clicks are those of people, as far as that can be known."""

    SENT = "sent"
    OPENED = "opened"
    CLICKED = "clicked"


class MailKind(StrEnum):
    """Which emails count. Test emails never do."""

    ANY = "any"
    MARKETING = "marketing"
    TRANSACTIONAL = "transactional"


@dataclass(frozen=True, slots=True)
class Number:
    """A figure compared with one number, or with two (BETWEEN)."""

    field: NumberField
    test: NumberTest
    low: int
    high: int = 0
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day compared with a number of days ago, with one date or with two. What the test does not need is left out."""

    field: DayField
    test: DayTest
    days: int = 0
    first: date | None = None
    last: date | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """The customer has at least one of the words."""

    field: WordField
    words: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Bought:
    """An order that was not cancelled holds one of the goods; placed within `days` back from today (0: at any time)."""

    by: Goods
    words: tuple[str, ...]
    days: int = 0
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Mailed:
    """An email was sent to, opened by or clicked by the customer within `days` back from today (0: at any time)."""

    event: MailEvent
    mail: MailKind = MailKind.ANY
    days: int = 0
    negated: bool = False


Test: TypeAlias = Number | Day | Words | Bought | Mailed


@dataclass(frozen=True, slots=True)
class Group:
    """All or any of the parts hold. An empty group holds for everybody."""

    match: Match = Match.ALL
    parts: tuple[Part, ...] = ()


Part: TypeAlias = Number | Day | Words | Bought | Mailed | Group


@dataclass(frozen=True, slots=True)
class Rule:
    """Which customers belong. Archived customers do not, unless the rule says so."""

    group: Group = field(default_factory=Group)
    archived: bool = False


EVERYBODY = Rule()


@dataclass(frozen=True, slots=True)
class Segment:
    """A rule with a name. `ready` ones come with the program and cannot be changed, but duplicated.

    `version` counts changes; `text` says for whom the segment is, in the words of its author.
    """

    id: str
    name: str
    rule: Rule
    text: str = ""
    ready: bool = False
    created_at: datetime | None = None
    created_by: str = ""
    changed_at: datetime | None = None
    changed_by: str = ""
    version: int = 1


def tests_in(group: Group) -> Iterator[Test]:
    """All conditions of a group and of the groups in it, in their order."""
    for part in group.parts:
        if isinstance(part, Group):
            yield from tests_in(part)
        else:
            yield part


def depth_of(group: Group) -> int:
    """1 for a group without groups in it."""
    return 1 + max((depth_of(part) for part in group.parts if isinstance(part, Group)), default=0)
