"""RFM: how recently, how often and for how much money somebody bought, each as a score from 1 to 5.

Recency and money are scored by fifths of the shop's own buyers, because shops differ; frequency by the number of
orders, because most customers of most shops have one order, and fifths of equal numbers would mean nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

SCORES = (1, 2, 3, 4, 5)
ORDERS_FROM = (2, 3, 5, 10)
"""Orders from which the scores 2, 3, 4 and 5 are given."""


class RfmClass(StrEnum):
    """What kind of buyer somebody is, by recency and frequency. Customers without orders have no class."""

    CHAMPIONS = "champions"
    LOYAL = "loyal"
    PROMISING = "promising"
    NEW = "new"
    COOLING = "cooling"
    AT_RISK = "at risk"
    NOT_TO_LOSE = "not to lose"
    GONE = "gone"

    @property
    def label(self) -> str:
        """What people read. The value is stored in segments, so it does not change."""
        return {self.COOLING: "Slipping", self.NOT_TO_LOSE: "Can't lose", self.GONE: "Lost"}.get(
            self, self.value.capitalize()
        )


@dataclass(frozen=True, slots=True)
class Fifths:
    """Where the scores 2, 3, 4 and 5 begin: days of the last order, and revenue in minor units.

    Empty without orders.
    """

    days: tuple[date, ...] = ()
    revenue: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scores:
    """1 to 5 each; 0 without orders."""

    recency: int = 0
    frequency: int = 0
    money: int = 0


def scores_of(orders: int, last_order: date | None, revenue: int, fifths: Fifths) -> Scores:
    """The scores of a customer with these figures."""
    if orders < 1 or last_order is None:
        return Scores()
    return Scores(
        1 + bisect_right(fifths.days, last_order),
        1 + bisect_right(ORDERS_FROM, orders),
        1 + bisect_right(fifths.revenue, revenue),
    )


def class_of(recency: int, frequency: int) -> RfmClass | None:
    """The class of two scores; None without orders."""
    if not recency:
        return None
    if recency <= 2:
        return (RfmClass.GONE, RfmClass.GONE, RfmClass.AT_RISK, RfmClass.NOT_TO_LOSE, RfmClass.NOT_TO_LOSE)[
            frequency - 1
        ]
    if recency == 3:
        return RfmClass.COOLING if frequency <= 2 else RfmClass.LOYAL
    return (RfmClass.NEW, RfmClass.PROMISING, RfmClass.LOYAL, RfmClass.CHAMPIONS, RfmClass.CHAMPIONS)[frequency - 1]


def cells_of(classes: Sequence[RfmClass]) -> list[tuple[int, int]]:
    """The pairs of recency and frequency that belong to one of the classes."""
    return [(r, f) for r in SCORES for f in SCORES if class_of(r, f) in classes]
