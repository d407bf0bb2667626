"""Keys of connected shops, the deliveries of their webhooks, and the requests about personal data that they pass on."""

from __future__ import annotations

import hashlib

from backend.store.port import Key
from backend.store.schema.tables import MAIL, SHOP, WORK_SHARDS, shard_of

CONNECTIONS = "CONNECTIONS"
PRIVACY_REQUESTS = "PRIVACY"


def connection_key(connection_id: str) -> Key:
    return Key(SHOP, CONNECTIONS, connection_id)


def connection_figures_key(connection_id: str) -> Key:
    return Key(MAIL, f"H#{connection_id}", "FIGURES")


def comparison_key(connection_id: str) -> Key:
    """How far a shop's orders are compared with those here."""
    return Key(MAIL, f"H#{connection_id}", "COMPARISON")


def delivery_key(connection_id: str, delivery_id: str, part: int = 0) -> Key:
    """A delivery by the id that its sender gave it, or a further part of its body."""
    digest = hashlib.sha256(delivery_id.encode()).hexdigest()[:32]
    return Key(MAIL, f"H#{connection_id}", f"D#{digest}" if not part else f"P#{digest}#{part:02}")


def connection_of(key: Key) -> str:
    """The id of the connection whose delivery this is."""
    return key.pk.removeprefix("H#")


def delivery_digest(key: Key) -> str:
    """A short name of a delivery that says nothing about it."""
    return key.sk.removeprefix("D#")


def delivery_line(delivery_id: str) -> str:
    """The partition of the list of deliveries that wait for a worker."""
    return _waiting_line(shard_of(delivery_id, WORK_SHARDS))


def delivery_lines() -> list[str]:
    """All of them."""
    return [_waiting_line(shard) for shard in range(WORK_SHARDS)]


def _waiting_line(shard: int) -> str:
    return f"DELIVERIES#{shard}"


def delivery_at(at: str, delivery_id: str) -> str:
    """The place of a delivery in such a list, by the moment at which it is due or failed."""
    return f"{at}#{delivery_id}"


def delivery_in(at: str) -> str:
    """The id of the delivery at such a place."""
    return at.partition("#")[2]


def failed_deliveries_line(connection_id: str) -> str:
    """The partition of the list of deliveries that could not be applied."""
    return f"UNDELIVERED#{connection_id}"


def source_order_key(source: str, source_id: str) -> Key:
    """Which number an order has that its source also knows by an id, as refunds do."""
    return Key(SHOP, f"I#order#{source}#{source_id}", "I")


def privacy_request_key(request_id: str) -> Key:
    return Key(SHOP, PRIVACY_REQUESTS, request_id)
