"""What a customer bought month by month, from items that each order updates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.domain.time import months_between
from backend.records.ranks import figure
from backend.services.context import Shop
from backend.services.statistics.overview import today_of
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Item, Key, Query

MOST_MONTHS = 36
"""How far a customer's months go back."""


@dataclass(frozen=True, slots=True)
class CustomerMonth:
    """One of the shop's months ("2026-11"): how many orders count, and their revenue in minor units."""

    month: str
    orders: int
    revenue: int


def months_of(shop: Shop, customer_id: str) -> list[CustomerMonth]:
    """The months from the customer's first order to now, oldest first and without gaps, the last 36 at most."""
    query = Query(
        schema.SHOP,
        schema.customer_partition(customer_id),
        begins_with=schema.MONTHS,
        descending=True,
        limit=MOST_MONTHS,
    )
    found = dict(readable(shop, shop.store.query(query).rows, _month_from))
    bought = [month for month, (orders, revenue) in found.items() if orders or revenue]
    if not bought:
        return []
    months = months_between(date.fromisoformat(f"{min(bought)}-01"), today_of(shop))[-MOST_MONTHS:]
    return [CustomerMonth(month, *found.get(month, (0, 0))) for month in months]


def _month_from(key: Key, item: Item) -> tuple[str, tuple[int, int]]:
    return schema.month_of(key), (figure(item, "rank_orders"), figure(item, "rank_revenue"))
