"""Day totals as items: counters that orders add to."""

from __future__ import annotations

from backend.domain.orders import Contribution
from backend.domain.totals import Totals
from backend.records.values import number
from backend.store.port import Item, Plus


def totals_from(item: Item) -> Totals:
    return Totals(
        orders=number(item, "orders", 0),
        revenue=number(item, "revenue", 0),
        refunded=number(item, "refunded", 0),
        cancelled=number(item, "cancelled", 0),
        new_customers=number(item, "new_customers", 0),
    )


def totals_item(totals: Totals) -> Item:
    return {
        "orders": totals.orders,
        "revenue": totals.revenue,
        "refunded": totals.refunded,
        "cancelled": totals.cancelled,
        "new_customers": totals.new_customers,
    }


def additions(change: Contribution, new_customers: int = 0) -> dict[str, Plus]:
    """What a change adds to a day; counters that stay as they are are left out."""
    deltas = {
        "orders": change.orders,
        "revenue": change.revenue,
        "refunded": change.refunded,
        "cancelled": change.cancelled,
        "new_customers": new_customers,
    }
    return {name: Plus(delta) for name, delta in deltas.items() if delta}
