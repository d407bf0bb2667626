"""How many different people bought in a period. Kept counters do not know that, so the orders are walked."""

from __future__ import annotations

from datetime import date

from backend.domain.orders import OrderStatus
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders.lists import OrderFilter, walk_orders
from backend.store import schema

_COUNTING = tuple(status for status in OrderStatus if status is not OrderStatus.CANCELLED)
_PAGE = 1000


def count_buyers(shop: Shop, first: date, last: date) -> int:
    """Customers with an order that counts, placed on the shop's days from first to last, both included.

    It reads the list entry of every order in the period, and remembers every customer who has one.

    Raises: `InvalidInputError` when the range is upside down.
    """
    if first > last:
        raise InvalidInputError("The first day is after the last day.", "from")
    wanted = OrderFilter(first, last, _COUNTING)
    return len({schema.customer_id_of(row.key) for row in walk_orders(shop, wanted, first=_PAGE * len(_COUNTING))})
