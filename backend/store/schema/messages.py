"""Keys of messages, the lists that workers and the message log read, and the statistics of sending."""

from __future__ import annotations

import hashlib

from backend.store.port import Key
from backend.store.schema.customers import CUSTOMERS, customer_partition
from backend.store.schema.tables import HOUR_SHARDS, MAIL, MESSAGE_SHARDS, WORK_SHARDS, shard_of

MESSAGES = "E#"


def message_key(recipient: str, key: str) -> Key:
    """The ledger entry of a recipient (a customer id, or another word) and a reason to write."""
    return Key(MAIL, customer_partition(recipient), f"{MESSAGES}{key}")


def is_message(key: Key) -> bool:
    return key.table == MAIL and key.pk.startswith(CUSTOMERS) and key.sk.startswith(MESSAGES)


def reason_of(key: Key) -> str:
    """The reason to write in the key of a message, which with the recipient distinguishes it from all others."""
    return key.sk.removeprefix(MESSAGES)


def message_line(day: str, message_id: str) -> str:
    """The partition of the message log of a day ("2026-11-26") that has the message."""
    return f"MAIL#{day}#{shard_of(message_id, MESSAGE_SHARDS)}"


def message_lines(day: str) -> list[str]:
    """The partitions of the message log of a day."""
    return [f"MAIL#{day}#{shard}" for shard in range(MESSAGE_SHARDS)]


def work_line(message_id: str) -> str:
    """The partition of the list of messages that wait for a worker."""
    return f"WORK#{shard_of(message_id, WORK_SHARDS)}"


def work_lines() -> list[str]:
    """The partitions of the list of messages that wait for a worker."""
    return [f"WORK#{shard}" for shard in range(WORK_SHARDS)]


def attention_line(status: str) -> str:
    """The partition of the list of messages of a status ("failed", "unknown") that need a person."""
    return f"ATTENTION#{status}"


def provider_line(provider_id: str) -> str:
    """The partition of the message that the mail provider knows by this id; short, because messages carry it."""
    return f"PROVIDER#{hashlib.sha256(provider_id.encode()).hexdigest()[:20]}"


def hours_key(hour: str, template: str, message_id: str) -> Key:
    """The send statistics of an hour of the shop's time ("2026-11-26T13") and a template."""
    return Key(MAIL, hours_partition(hour[:10]), f"{hour[11:13]}#{template}#{shard_of(message_id, HOUR_SHARDS)}")


def hours_partition(day: str) -> str:
    """The send statistics of a day."""
    return f"HOURS#{day}"


def hour_in(key: Key) -> tuple[str, str, str, str]:
    """Day, hour ("13"), template and shard in the key of send statistics. Raises: `ValueError` for another key."""
    hour, template, shard = key.sk.split("#")
    return key.pk.removeprefix("HOURS#"), hour, template, shard


def is_hour(key: Key) -> bool:
    """Whether the key is that of send statistics."""
    return key.pk.startswith("HOURS#")


def slots_key(customer_id: str) -> Key:
    """The customer's recent marketing messages, as the frequency cap counts them."""
    return Key(MAIL, f"P#{customer_id}", "F")


def slot_of(at: str, key: str) -> str:
    """One of these messages: the moment when its place was taken, and its reason to write."""
    return f"{at}#{key}"


def slot_in(slot: str) -> tuple[str, str]:
    at, _, key = slot.partition("#")
    return at, key


def rate_key(transport: str) -> Key:
    """The rate window that all processes which send through a transport share."""
    return Key(MAIL, f"RATE#{transport}", "RATE")
