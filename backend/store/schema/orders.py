"""Keys of orders and draft orders, of their numbers at the source, and of the totals of a day."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.customers import customer_partition
from backend.store.schema.tables import DAY_SHARDS, SHOP, shard_of

ORDERS = "O#"
DRAFTS = "D#"
TRACKING = "tracking"
"""The source, in the keys by which orders are found, of what carriers call their parcels."""


def order_key(customer_id: str, order_id: str) -> Key:
    return Key(SHOP, customer_partition(customer_id), f"{ORDERS}{order_id}")


def is_order(key: Key) -> bool:
    return key.table == SHOP and key.sk.startswith(ORDERS)


def order_id_of(key: Key) -> str:
    return key.sk.removeprefix(ORDERS)


def reference_key(source: str, reference: str) -> Key:
    return Key(SHOP, f"R#{source}#{reference}", "R")


def tracking_key(number: str) -> Key:
    """The order with a parcel of this tracking number, whose case and spaces do not count."""
    return reference_key(TRACKING, "".join(number.upper().split()))


def day_key(day: str, customer_id: str) -> Key:
    """The totals of a day ("2026-11-26") to which this customer's orders add."""
    return Key(SHOP, days_partition(day[:4]), f"{day[5:]}#{shard_of(customer_id, DAY_SHARDS)}")


def days_partition(year: str) -> str:
    """The totals of the days of a year ("2026")."""
    return f"DAYS#{year}"


def is_day(key: Key) -> bool:
    """Whether the key is that of the totals of a day."""
    return key.pk.startswith("DAYS#")


def day_in(key: Key) -> str:
    """The day ("2026-11-26") in the key of its totals."""
    return f"{key.pk.removeprefix('DAYS#')}-{key.sk.partition('#')[0]}"


def draft_key(customer_id: str, draft_id: str) -> Key:
    return Key(SHOP, customer_partition(customer_id), f"{DRAFTS}{draft_id}")


def is_draft(key: Key) -> bool:
    return key.table == SHOP and key.sk.startswith(DRAFTS)


def draft_id_of(key: Key) -> str:
    return key.sk.removeprefix(DRAFTS)


def draft_line(state: str) -> str:
    """The partition of the list of draft orders in a state."""
    return f"DRAFTS#{state}"


def draft_state_in(line: str) -> str:
    """The state in the partition of a list of draft orders."""
    return line.rpartition("#")[2]


def order_line(month: str, status: str) -> str:
    """The partition of the order list for a month ("2026-11") and a status."""
    return f"ORDERS#{month}#{status}"
