"""Keys of what the mail provider reports."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.campaigns import campaign_partition
from backend.store.schema.customers import customer_partition
from backend.store.schema.tables import HOUR_SHARDS, MAIL, shard_of

LINKS = "LINK#"


def event_key(recipient: str, key: str, at: str, digest: str) -> Key:
    """What the provider reported about a message, beside the message."""
    return Key(MAIL, customer_partition(recipient), f"{events_of(key)}{at}#{digest}")


def events_of(key: str) -> str:
    """Sort keys of what was reported about the message with this key begin with it."""
    return f"V#{key}#"


def moment_of_event(key: Key) -> str:
    return key.sk.split("#")[2]


def dead_letter_key(at: str, digest: str) -> Key:
    """A report that could not be understood or applied."""
    return Key(MAIL, "DEADLETTERS", f"{at}#{digest}")


def dead_letter_key_in(letter_id: str) -> Key | None:
    """The key of the dead letter with this id, which is its sort key; None when this is no id."""
    at, _, digest = letter_id.partition("#")
    return dead_letter_key(at, digest) if at and digest else None


def link_key(campaign_id: str, digest: str, message_id: str) -> Key:
    """The clicks on one link of a campaign to which this message adds."""
    return Key(MAIL, campaign_partition(campaign_id), f"{LINKS}{digest}#{shard_of(message_id, HOUR_SHARDS)}")


def event_minute_key(minute: str) -> Key:
    """How many reports were taken in during a minute (UTC, "2026-11-26T13:05")."""
    return Key(MAIL, event_minutes_partition(minute[:10]), minute[11:16])


def event_minutes_partition(day: str) -> str:
    """How many reports were taken in during the minutes of a day of UTC."""
    return f"EVENTS#{day}"
