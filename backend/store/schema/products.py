"""Keys of products and of what was sold of them, and the queue of orders that their figures do not count yet."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import LEADERBOARD_SHARDS, SHOP, UNCOUNTED_SHARDS, shard_of

PRODUCTS = "PRODUCTS"
_SOLD = "SOLD#"


def product_key(product_id: str) -> Key:
    """A product, or a further name of one: an id that leads to another product."""
    return Key(SHOP, PRODUCTS, product_id)


def sold_key(period: str, product_id: str) -> Key:
    """What was sold of a product in a month ("2026-11"), or of all time ("ALL")."""
    return Key(SHOP, sold_partition(period), product_id)


def sold_partition(period: str) -> str:
    """What was sold of all products in a period."""
    return f"{_SOLD}{period}"


def is_sold(key: Key) -> bool:
    return key.pk.startswith(_SOLD)


def sold_period(key: Key) -> str:
    """The period in the key of what was sold."""
    return key.pk.removeprefix(_SOLD)


def product_board(period: str, product_id: str) -> str:
    """The leaderboard partition of a product; `period` is "ALL" or a month such as "2026-11"."""
    return f"{_SOLD}{period}#{shard_of(product_id, LEADERBOARD_SHARDS)}"


def uncounted_board(order_id: str) -> str:
    """The partition of `by_revenue` in which an order waits until the figures of products count it."""
    return f"UNCOUNTED#{shard_of(order_id, UNCOUNTED_SHARDS)}"


def uncounted_boards() -> list[str]:
    """All of them. Former versions kept an item for each order in partitions of these names."""
    return [f"UNCOUNTED#{shard}" for shard in range(UNCOUNTED_SHARDS)]
