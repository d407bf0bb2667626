"""Ranks: a figure and a tie-breaker in one integer, which is how leaderboards get one total order.

`rank = figure * RANK_UNIT + tie`, where the tie is larger for a smaller customer id. Adding `RANK_UNIT` times a
change keeps the tie, so a plain ADD moves a customer to the right place of the index: the heap, kept in the database.
"""

from __future__ import annotations

from backend.domain.ids import customer_number
from backend.domain.orders import Contribution
from backend.records.values import number
from backend.store.port import Item, Plus
from backend.store.schema import ID_BITS, RANK_UNIT, board_of

_LARGEST_TIE = (1 << ID_BITS) - 1


def tie_of(customer_id: str) -> int:
    """The tie-breaker of a customer: between 0 and 2**50 - 1."""
    return _LARGEST_TIE - customer_number(customer_id)


def rank(figure: int, customer_id: str) -> int:
    return figure * RANK_UNIT + tie_of(customer_id)


def figure(item: Item, name: str) -> int:
    """The figure in a rank attribute; 0 when it is not there."""
    return number(item, name, 0) // RANK_UNIT


def additions(change: Contribution, customer_id: str) -> dict[str, Plus]:
    """What a change of orders and revenue adds to the ranks of a customer or of a customer's month."""
    start = tie_of(customer_id)
    return {
        "rank_orders": Plus(change.orders * RANK_UNIT, start),
        "rank_revenue": Plus(change.revenue * RANK_UNIT, start),
    }


def rank_attributes(period: str, customer_id: str, orders: int, revenue: int) -> Item:
    """The leaderboard attributes of a customer (or month) with these figures; no board without orders."""
    ranks: Item = {"rank_orders": rank(orders, customer_id), "rank_revenue": rank(revenue, customer_id)}
    if orders > 0:
        ranks["board"] = board_of(period, customer_id)
    return ranks
