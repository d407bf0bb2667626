"""All migrations, in their order. A new one goes to the end, and stays as long as stores from before it may exist.

A migration looks at every item of a table and says what each lacks. The shape of an item is its version: one that lacks
nothing is of the new version, so that looking twice changes nothing. Programs that read both shapes come first, the
migration second, and programs that read only the new one last; so versions can run side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.records.orders import order_from
from backend.services.concurrency.retries import StaleReadError
from backend.services.context import Shop
from backend.services.orders.numbers import tracking_puts
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import Check, Equals, Row, Write

Work = tuple[Row, list[Write]]


@dataclass(frozen=True, slots=True)
class Migration:
    """`work` gives, of rows of the table, those that lack something with the transaction that adds it.

    Each transaction is on condition that the item is as it was read, with a `StaleReadError` for the other case.
    """

    name: str
    purpose: str
    table: str
    work: Callable[[Shop, Sequence[Row]], list[Work]]


def _tracking_numbers(shop: Shop, rows: Sequence[Row]) -> list[Work]:
    """Orders whose parcels were sent before orders were found by tracking numbers."""
    parcels = [row for row in rows if schema.is_order(row.key) and row.item.get("parcels")]
    wanted = [*readable_rows(shop, parcels, lambda row: (row, order_from(*row)))]
    puts = {row.key: tracking_puts(order) for row, order in wanted}
    known = shop.store.get_many([put.key for each in puts.values() for put in each])
    moved = StaleReadError("Somebody changed the order meanwhile.")
    return [
        (row, [Check(row.key, Equals("version", order.version), moved), *missing])
        for row, order in wanted
        if (missing := [put for put in puts[row.key] if put.key not in known])
    ]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(
        "tracking-numbers", "Orders are found by the tracking numbers of parcels.", schema.SHOP, _tracking_numbers
    ),
)
