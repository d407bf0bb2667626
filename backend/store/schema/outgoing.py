"""Keys of endpoints, and of the events on their way to them."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import MAIL, SHOP, WORK_SHARDS, shard_of

ENDPOINTS = "ENDPOINTS"


def endpoint_key(endpoint_id: str) -> Key:
    return Key(SHOP, ENDPOINTS, endpoint_id)


def outgoing_key(endpoint_id: str, at: str, event_id: str) -> Key:
    """An event for an endpoint, by when it happened."""
    return Key(MAIL, outgoing_partition(endpoint_id), f"{at}#{event_id}")


def outgoing_partition(endpoint_id: str) -> str:
    """All events of an endpoint."""
    return f"W#{endpoint_id}"


def outgoing_of(key: Key) -> tuple[str, str, str]:
    """Endpoint, moment and id in the key of an event."""
    at, _, event_id = key.sk.partition("#")
    return key.pk.removeprefix("W#"), at, event_id


def outgoing_line(event_id: str) -> str:
    """The partition of the list of events that have to be posted."""
    return f"OUTGOING#{shard_of(event_id, WORK_SHARDS)}"


def outgoing_lines() -> list[str]:
    """All of them."""
    return [f"OUTGOING#{shard}" for shard in range(WORK_SHARDS)]


def outgoing_due(at: str, event_id: str) -> str:
    """The place of an event in such a list."""
    return f"{at}#{event_id}"
