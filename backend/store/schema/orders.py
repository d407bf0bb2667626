"""Keys of orders, of their numbers at the source, and of the totals of a day."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import DAY_SHARDS, SHOP, shard_of


def order_key(customer_id: str, order_id: str) -> Key:
    return Key(SHOP, f"C#{customer_id}", f"O#{order_id}")


def reference_key(source: str, reference: str) -> Key:
    return Key(SHOP, f"R#{source}#{reference}", "R")


def day_key(day: str, customer_id: str) -> Key:
    """The totals of a day ("2026-11-26") to which this customer's orders add."""
    return Key(SHOP, f"DAYS#{day[:4]}", f"{day[5:]}#{shard_of(customer_id, DAY_SHARDS)}")


def order_line(month: str, status: str) -> str:
    """The partition of the order list for a month ("2026-11") and a status."""
    return f"ORDERS#{month}#{status}"
