"""Why revenue changed from one period to another: the difference, taken apart so that the parts add up to it exactly.

Revenue is the value of the orders before discounts and refunds, less both. The value of a group of customers is
customers times orders each times value of an order. So its difference is taken apart step by step: first the length of
the period, then the number of customers, then orders each, and what is left is the basket. Each step is rounded where
it ends, not by itself, so no cent is lost between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from backend.domain.money import divided


class Group(StrEnum):
    """New customers have their first order ever in the period; returning ones had it before."""

    NEW = "new"
    RETURNING = "returning"


class Cause(StrEnum):
    """What changed."""

    LENGTH = "length of the period"
    CUSTOMERS = "customers"
    ORDERS_EACH = "orders each"
    BASKET = "value of an order"
    DISCOUNTS = "discounts"
    REFUNDS = "refunds"


@dataclass(frozen=True, slots=True)
class Buyers:
    """A group of customers in a period. `value` is that of their orders before discounts and refunds, minor units."""

    customers: int = 0
    orders: int = 0
    value: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """A period: how many days it has so far, who bought, and what was taken off (minor units)."""

    days: int
    buyers: Mapping[Group, Buyers]
    discounts: int = 0
    refunds: int = 0

    @property
    def revenue(self) -> int:
        """Minor units."""
        return sum(each.value for each in self.buyers.values()) - self.discounts - self.refunds


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause adds to revenue, or takes from it, in minor units; of one group of customers, or of all."""

    cause: Cause
    amount: int
    group: Group | None = None


def explained(before: Side, now: Side) -> list[Part]:
    """The parts of `now.revenue - before.revenue`, which add up to it. Those without any effect are there too."""
    of_groups = {group: list(_steps(group, before, now)) for group in Group}
    length = sum(steps[0].amount for steps in of_groups.values())
    return [
        Part(Cause.LENGTH, length),
        *(step for steps in of_groups.values() for step in steps[1:]),
        Part(Cause.DISCOUNTS, before.discounts - now.discounts),
        Part(Cause.REFUNDS, before.refunds - now.refunds),
    ]


def _steps(group: Group, before: Side, now: Side) -> Iterator[Part]:
    """From the value of the group before to its value now; each step ends at what would be if only it had changed."""
    old, new = before.buyers.get(group, Buyers()), now.buyers.get(group, Buyers())
    reached = old.value
    ends = (
        (Cause.LENGTH, _share(old.value, now.days, before.days)),
        (Cause.CUSTOMERS, _share(old.value, new.customers, old.customers) if old.customers else new.value),
        (Cause.ORDERS_EACH, _share(old.value, new.orders, old.orders) if old.orders else new.value),
        (Cause.BASKET, new.value),
    )
    for cause, end in ends:
        yield Part(cause, end - reached, group)
        reached = end


def _share(value: int, part: int, whole: int) -> int:
    """That part of a value, halves rounded up."""
    return divided(value * part, whole) if whole else value
