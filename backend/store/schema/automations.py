"""Keys of automations and of the triggers that wait for them."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.campaigns import STATS
from backend.store.schema.customers import customer_partition
from backend.store.schema.tables import HOUR_SHARDS, MAIL, SHOP, WORK_SHARDS, shard_of

TRIGGERS = "T#"


def automation_key(automation_id: str) -> Key:
    return Key(SHOP, "AUTOMATIONS", automation_id)


def trigger_key(customer_id: str, automation_id: str, slot: str) -> Key:
    """What an automation will answer when it is due."""
    return Key(MAIL, customer_partition(customer_id), f"{TRIGGERS}{automation_id}#{slot}")


def is_trigger(key: Key) -> bool:
    """Whether it is a trigger; the list of work also has backfills."""
    return key.sk.startswith(TRIGGERS)


def automation_id_of(key: Key) -> str:
    """The automation in the key of a trigger or of a backfill."""
    return key.sk.split("#", 2)[1] if is_trigger(key) else key.pk.removeprefix("AUTO#")


def trigger_line(customer_id: str) -> str:
    """The partition of the list of triggers by when they are due."""
    return f"TRIGGERS#{shard_of(customer_id, WORK_SHARDS)}"


def trigger_lines() -> list[str]:
    """The partitions of the list of triggers by when they are due."""
    return [f"TRIGGERS#{shard}" for shard in range(WORK_SHARDS)]


def automation_partition(automation_id: str) -> str:
    """The backfill and the counters of an automation."""
    return f"AUTO#{automation_id}"


def backfill_key(automation_id: str) -> Key:
    """The work of writing to customers who had lapsed before; it is in the list of triggers."""
    return Key(MAIL, automation_partition(automation_id), "BACKFILL")


def automation_stat_key(automation_id: str, customer_id: str) -> Key:
    """The counters of what became of an automation's triggers, to which this customer's add."""
    return Key(MAIL, automation_partition(automation_id), f"{STATS}{shard_of(customer_id, HOUR_SHARDS)}")
