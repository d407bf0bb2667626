"""What emails brought: those who got them beside a control group that did not, as an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

_QUANTILE = 1.96
"""Standard errors on each side of an estimate that make an interval of 95%."""
FEWEST_BUYERS = 10
"""With fewer buyers in the control group, their revenue is too uneven for an interval of this kind."""


class Verdict(StrEnum):
    """What an interval says."""

    MORE = "more"
    LESS = "less"
    TOO_SMALL = "too small to tell"
    NOT_KEPT = "not kept"


@dataclass(frozen=True, slots=True)
class Buying:
    """What a group of customers bought. `revenue` is in minor units, and `buyers` are those who ordered.

    `spread` is the standard deviation of a customer's revenue, in minor units; None in counts of an older version.
    """

    customers: int
    buyers: int = 0
    orders: int = 0
    revenue: int = 0
    spread: int | None = None

    @property
    def each(self) -> float:
        """Revenue per customer, in minor units."""
        return self.revenue / self.customers if self.customers else 0.0


@dataclass(frozen=True, slots=True)
class Lift:
    """Revenue that emails brought to `recipients`, in minor units, with the variance of this estimate."""

    amount: float
    variance: float | None
    recipients: int
    control_buyers: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """The bounds of 95% confidence, in minor units; None without a variance."""
        if self.variance is None:
            return None
        margin = _QUANTILE * math.sqrt(self.variance)
        return self.amount - margin, self.amount + margin

    @property
    def verdict(self) -> Verdict:
        if self.interval is None:
            return Verdict.NOT_KEPT
        low, high = self.interval
        if self.control_buyers < FEWEST_BUYERS or low <= 0 <= high:
            return Verdict.TOO_SMALL
        return Verdict.MORE if low > 0 else Verdict.LESS


def lift_of(got: Buying, control: Buying) -> Lift | None:
    """What an email brought; None without recipients or a control group (Welch's unequal variances)."""
    if not got.customers or not control.customers:
        return None
    variance = None
    if got.spread is not None and control.spread is not None:
        variance = got.customers**2 * (got.spread**2 / got.customers + control.spread**2 / control.customers)
    return Lift((got.each - control.each) * got.customers, variance, got.customers, control.buyers)


def together(lifts: Sequence[Lift]) -> Lift | None:
    """What several emails brought in all; those without a variance are left out."""
    known = [(each, each.variance) for each in lifts if each.variance is not None]
    if not known:
        return None
    return Lift(
        sum(each.amount for each, _ in known),
        sum(variance for _, variance in known),
        sum(each.recipients for each, _ in known),
        sum(each.control_buyers for each, _ in known),
    )


def spread_of(revenues: Sequence[int], customers: int) -> int:
    """The standard deviation of revenue among so many customers, of whom these bought; in whole minor units."""
    if customers < 2:
        return 0
    mean = sum(revenues) / customers
    squares = sum((each - mean) ** 2 for each in revenues) + (customers - len(revenues)) * mean**2
    return round(math.sqrt(squares / (customers - 1)))
