"""Keys of segments, and of campaigns with their audience and progress."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import HOUR_SHARDS, MAIL, SENT_SHARDS, SHOP, shard_of

SEGMENTS = "SEGMENTS"


def segment_key(segment_id: str) -> Key:
    return Key(SHOP, SEGMENTS, segment_id)


def campaign_key(campaign_id: str) -> Key:
    return Key(MAIL, f"K#{campaign_id}", "A")


def campaign_part_key(campaign_id: str, part: str) -> Key:
    """Something that a campaign has one of, such as its preflight."""
    return Key(MAIL, f"K#{campaign_id}", part)


def chunk_key(campaign_id: str, wave: int, first: str) -> Key:
    """A part of a campaign's frozen audience, which begins with this customer; so any customer in it can be found."""
    return Key(MAIL, f"K#{campaign_id}", f"CHUNK#{wave}#{first}")


def holdout_key(campaign_id: str, first: str) -> Key:
    """A part of those who get nothing, so that they can be compared."""
    return Key(MAIL, f"K#{campaign_id}", f"HOLD#{first}")


def step_key(campaign_id: str, wave: int, first: str) -> Key:
    """How far a chunk is, apart from its ids, because it changes with every step."""
    return Key(MAIL, f"K#{campaign_id}", f"STEP#{wave}#{first}")


def skips_key(campaign_id: str, wave: int, first: str, place: int) -> Key:
    """Who was skipped in the step of a chunk that began at this place, and why."""
    return Key(MAIL, f"K#{campaign_id}", f"SKIP#{wave}#{first}#{place:03}")


def chunks_line(campaign_id: str) -> str:
    """The partition of the list of chunks that wait for a worker."""
    return f"CHUNKS#{campaign_id}"


def campaign_sent_key(campaign_id: str, first: str) -> Key:
    """The counters of how a campaign's messages ended, to which the chunk that begins with this customer adds."""
    return Key(MAIL, f"K#{campaign_id}", f"SENT#{shard_of(first, SENT_SHARDS)}")


def campaign_stat_key(campaign_id: str, message_id: str) -> Key:
    """The counters of what became of a campaign's messages, to which this message adds."""
    return Key(MAIL, f"K#{campaign_id}", f"STAT#{shard_of(message_id, HOUR_SHARDS)}")
