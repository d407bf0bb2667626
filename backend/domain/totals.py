"""Totals of days and periods, and comparisons between them."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.money import divided


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over orders placed in a period. Amounts are in minor units; revenue is net of refunds.

    `new_customers` counts customers whose first order was placed in the period.
    """

    orders: int = 0
    revenue: int = 0
    refunded: int = 0
    cancelled: int = 0
    new_customers: int = 0

    def plus(self, other: Totals) -> Totals:
        return Totals(
            self.orders + other.orders,
            self.revenue + other.revenue,
            self.refunded + other.refunded,
            self.cancelled + other.cancelled,
            self.new_customers + other.new_customers,
        )

    @property
    def average_order(self) -> int:
        """Minor units; 0 without orders."""
        return divided(self.revenue, self.orders) if self.orders else 0

    @property
    def repeat_orders(self) -> int:
        """Orders of customers who had ordered before (each new customer's first order is not one)."""
        return max(self.orders - self.new_customers, 0)

    @property
    def refund_rate(self) -> float:
        """Share of what was taken that was given back, 0 to 1."""
        taken = self.revenue + self.refunded
        return self.refunded / taken if taken else 0.0


def change(now: float, before: float) -> float | None:
    """Relative change (0.25 is a quarter more), or None when there was nothing before."""
    return (now - before) / before if before else None
