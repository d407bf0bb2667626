"""Goods that come back: noted when the customer asks, and when they have arrived. Money is given back by a refund."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.fulfilments import PackedItem

MOST_RETURNS = 100


@dataclass(frozen=True, slots=True)
class Return:
    """So many of some products. `id` makes it happen once; `received_at` is None while the goods are on their way.

    `restocked` says that they are for sale again.
    """

    id: str
    items: tuple[PackedItem, ...]
    at: datetime
    by: str
    reason: str = ""
    received_at: datetime | None = None
    received_by: str = ""
    restocked: bool = False

    @property
    def count(self) -> int:
        """How many items are in it."""
        return sum(item.quantity for item in self.items)
