"""What AWS takes for the store and for mail, and what a month of use costs by it."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """`dollars` for `per` units, as the source said on that day."""

    name: str
    unit: str
    dollars: Decimal
    per: int
    source: str
    seen: date

    def of(self, units: float) -> Decimal:
        """Dollars for so many units."""
        return self.dollars * Decimal(str(round(units, 1))) / self.per


_DYNAMODB = "aws.amazon.com/dynamodb/pricing/on-demand, us-east-1, since November 1, 2024"
_SES = "aws.amazon.com/ses/pricing"
_SEEN = date(2026, 11, 24)

STORE_WRITE = Price("Writing to the store", "write unit", Decimal("0.625"), 1_000_000, _DYNAMODB, _SEEN)
STORE_READ = Price("Reading from the store", "read unit", Decimal("0.125"), 1_000_000, _DYNAMODB, _SEEN)
MAIL = Price("Sending", "email", Decimal("0.10"), 1_000, _SES, _SEEN)
PRICES: tuple[Price, ...] = (STORE_WRITE, STORE_READ, MAIL)

FREE_UNITS_A_SECOND = 25
"""AWS, DynamoDB's always-free tier: 25 provisioned write and 25 read units a second, and 25 GB."""
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Use:
    """What was used. `busiest_writes` and `busiest_reads` are the units of the busiest day."""

    reads: float = 0.0
    writes: float = 0.0
    emails: int = 0
    busiest_reads: float = 0.0
    busiest_writes: float = 0.0


@dataclass(frozen=True, slots=True)
class MonthCost:
    """Dollars so far and as they will be at the end of the month if it goes on like this.

    `free_share` is how much of the always-free units the busiest day used on average (1 is all of them).
    """

    store: Decimal
    mail: Decimal
    store_forecast: Decimal
    mail_forecast: Decimal
    free_share: float

    @property
    def fits_free_tier(self) -> bool:
        """Whether the capacity of the free tier would have carried the store, on average over its busiest day."""
        return self.free_share <= 1


def cost_of(use: Use, today: date, share_of_today: float) -> MonthCost:
    """What a month costs, with `share_of_today` (0 to 1) of its present day over."""
    elapsed = max(today.day - 1 + share_of_today, 0.5)  # half a day at least, or the first hour would decide
    rest = Decimal(str(round(calendar.monthrange(today.year, today.month)[1] / elapsed, 6)))
    store = STORE_WRITE.of(use.writes) + STORE_READ.of(use.reads)
    mail = MAIL.of(use.emails)
    free = FREE_UNITS_A_SECOND * _SECONDS_A_DAY
    return MonthCost(store, mail, store * rest, mail * rest, max(use.busiest_reads, use.busiest_writes) / free)
