"""Keys of messages, the lists that workers and the message log read, and the statistics of sending."""

from __future__ import annotations

import hashlib

from backend.store.port import Key
from backend.store.schema.tables import HOUR_SHARDS, MAIL, MESSAGE_SHARDS, WORK_SHARDS, shard_of


def message_key(recipient: str, key: str) -> Key:
    """The ledger entry of a recipient (a customer id, or another word) and a reason to write."""
    return Key(MAIL, f"C#{recipient}", f"E#{key}")


def message_line(day: str, message_id: str) -> str:
    """The partition of the message log of a day ("2026-11-26") that has the message."""
    return f"MAIL#{day}#{shard_of(message_id, MESSAGE_SHARDS)}"


def work_line(message_id: str) -> str:
    """The partition of the list of messages that wait for a worker."""
    return f"WORK#{shard_of(message_id, WORK_SHARDS)}"


def provider_line(provider_id: str) -> str:
    """The partition of the message that the mail provider knows by this id; short, because messages carry it."""
    return f"PROVIDER#{hashlib.sha256(provider_id.encode()).hexdigest()[:20]}"


def hours_key(hour: str, template: str, message_id: str) -> Key:
    """The send statistics of an hour of the shop's time ("2026-11-26T13") and a template."""
    return Key(MAIL, f"HOURS#{hour[:10]}", f"{hour[11:13]}#{template}#{shard_of(message_id, HOUR_SHARDS)}")


def slots_key(customer_id: str) -> Key:
    """The customer's recent marketing messages, as the frequency cap counts them."""
    return Key(MAIL, f"P#{customer_id}", "F")


def rate_key(transport: str) -> Key:
    """The rate window that all processes which send through a transport share."""
    return Key(MAIL, f"RATE#{transport}", "RATE")
