"""Keys of what the mail provider reports."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import HOUR_SHARDS, MAIL, shard_of


def event_key(recipient: str, key: str, at: str, digest: str) -> Key:
    """What the provider reported about a message, beside the message."""
    return Key(MAIL, f"C#{recipient}", f"V#{key}#{at}#{digest}")


def dead_letter_key(at: str, digest: str) -> Key:
    """A report that could not be understood or applied."""
    return Key(MAIL, "DEADLETTERS", f"{at}#{digest}")


def link_key(campaign_id: str, digest: str, message_id: str) -> Key:
    """The clicks on one link of a campaign to which this message adds."""
    return Key(MAIL, f"K#{campaign_id}", f"LINK#{digest}#{shard_of(message_id, HOUR_SHARDS)}")


def event_minute_key(minute: str) -> Key:
    """How many reports were taken in during a minute (UTC, "2026-11-26T13:05")."""
    return Key(MAIL, f"EVENTS#{minute[:10]}", minute[11:16])
