"""Payments that a person has recorded: how much, how and when, beside what the status of an order says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_PAYMENTS = 100
METHODS = ("Bank transfer", "Card", "Cash", "PayPal")
"""Methods that are offered; others may be typed."""


@dataclass(frozen=True, slots=True)
class Payment:
    """Money received, in minor units. `id` makes it happen once; `at` is when it was received."""

    id: str
    amount: int
    at: datetime
    by: str
    method: str = ""
