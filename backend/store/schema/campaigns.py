"""Keys of segments, and of campaigns with their audience and progress."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import HOUR_SHARDS, MAIL, SENT_SHARDS, SHOP, shard_of

SEGMENTS = "SEGMENTS"


def segment_key(segment_id: str) -> Key:
    return Key(SHOP, SEGMENTS, segment_id)


CAMPAIGNS = "CAMPAIGNS"
"""The partition of the list of campaigns, and of those that a worker has to look at."""
CHUNKS = "CHUNK#"
HOLDOUTS = "HOLD#"
STEPS = "STEP#"
SENT = "SENT#"
STATS = "STAT#"


def campaign_partition(campaign_id: str) -> str:
    return f"K#{campaign_id}"


def campaign_id_of(key: Key) -> str:
    """The campaign in whose partition the key is."""
    return key.pk.removeprefix("K#")


def is_campaign_stat(key: Key) -> bool:
    """Whether the key is that of counters of what became of a campaign's messages."""
    return key.pk.startswith("K#") and key.sk.startswith(STATS)


def campaign_key(campaign_id: str) -> Key:
    return Key(MAIL, campaign_partition(campaign_id), "A")


def campaign_part_key(campaign_id: str, part: str) -> Key:
    """Something that a campaign has one of, such as its preflight."""
    return Key(MAIL, campaign_partition(campaign_id), part)


def chunk_key(campaign_id: str, wave: int, first: str) -> Key:
    """A part of a campaign's frozen audience, which begins with this customer; so any customer in it can be found."""
    return Key(MAIL, campaign_partition(campaign_id), f"{CHUNKS}{wave}#{first}")


def chunk_range(campaign_id: str, wave: int, customer_id: str) -> tuple[Key, Key]:
    """The first possible chunk of a wave, and the last one that can have this customer."""
    return chunk_key(campaign_id, wave, ""), chunk_key(campaign_id, wave, customer_id)


def wave_and_first(sort_key: str) -> tuple[int, str]:
    """The wave and the first customer in the sort key of a chunk or of its step."""
    _, wave, first = sort_key.split("#", 2)
    return int(wave), first


def holdout_key(campaign_id: str, first: str) -> Key:
    """A part of those who get nothing, so that they can be compared."""
    return Key(MAIL, campaign_partition(campaign_id), f"{HOLDOUTS}{first}")


def step_key(campaign_id: str, wave: int, first: str) -> Key:
    """How far a chunk is, apart from its ids, because it changes with every step."""
    return Key(MAIL, campaign_partition(campaign_id), f"{STEPS}{wave}#{first}")


def skips_key(campaign_id: str, wave: int, first: str, place: int) -> Key:
    """Who was skipped in the step of a chunk that began at this place, and why."""
    return Key(MAIL, campaign_partition(campaign_id), f"SKIP#{wave}#{first}#{place:03}")


def chunks_line(campaign_id: str) -> str:
    """The partition of the list of chunks that wait for a worker."""
    return f"CHUNKS#{campaign_id}"


def chunk_place(wave: int, due: str, first: str = "") -> str:
    """The place of a chunk in the list of those that wait: by wave, then by when it is due."""
    return f"{wave}#{due}#{first}" if first else f"{wave}#{due}"


def campaign_sent_key(campaign_id: str, first: str) -> Key:
    """The counters of how a campaign's messages ended, to which the chunk that begins with this customer adds."""
    return Key(MAIL, campaign_partition(campaign_id), f"{SENT}{shard_of(first, SENT_SHARDS)}")


def campaign_stat_key(campaign_id: str, message_id: str) -> Key:
    """The counters of what became of a campaign's messages, to which this message adds."""
    return Key(MAIL, campaign_partition(campaign_id), f"{STATS}{shard_of(message_id, HOUR_SHARDS)}")
