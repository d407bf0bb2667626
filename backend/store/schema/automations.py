"""Keys of automations and of the triggers that wait for them."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import HOUR_SHARDS, MAIL, SHOP, WORK_SHARDS, shard_of


def automation_key(automation_id: str) -> Key:
    return Key(SHOP, "AUTOMATIONS", automation_id)


def trigger_key(customer_id: str, automation_id: str, slot: str) -> Key:
    """What an automation will answer when it is due."""
    return Key(MAIL, f"C#{customer_id}", f"T#{automation_id}#{slot}")


def trigger_line(customer_id: str) -> str:
    """The partition of the list of triggers by when they are due."""
    return f"TRIGGERS#{shard_of(customer_id, WORK_SHARDS)}"


def backfill_key(automation_id: str) -> Key:
    """The work of writing to customers who had lapsed before; it is in the list of triggers."""
    return Key(MAIL, f"AUTO#{automation_id}", "BACKFILL")


def automation_stat_key(automation_id: str, customer_id: str) -> Key:
    """The counters of what became of an automation's triggers, to which this customer's add."""
    return Key(MAIL, f"AUTO#{automation_id}", f"STAT#{shard_of(customer_id, HOUR_SHARDS)}")
