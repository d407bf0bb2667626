"""Chunks of a frozen audience as items: who is in one, how far it is, and who was skipped in it.

The ids never change, so they are stored apart from what changes with every step, which is small and therefore cheap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from backend.domain.campaigns import Wave
from backend.domain.leases import Lease
from backend.domain.messages import SkipReason
from backend.domain.time import from_text, to_text
from backend.records.conversion import reads
from backend.records.declared import As, Record
from backend.records.values import MalformedItemError, text, without_empty
from backend.store import schema
from backend.store.port import Item, Key, Value

LARGEST_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Chunk:
    """Customers of one wave, ascending by id."""

    campaign: str
    wave: Wave
    ids: tuple[str, ...]

    @property
    def first(self) -> str:
        return self.ids[0]

    @property
    def key(self) -> Key:
        return schema.chunk_key(self.campaign, self.wave, self.first)


@dataclass(frozen=True, slots=True)
class ChunkStep:
    """How far a chunk is. Those before `place` are through, but for the ones in `retry`: place, and when they are due.

    `failed` are places of messages that failed. `counts` says how the chunk's messages ended, with the names of the
    campaign's counters. `lease_until` and `owner` say whose it is; `version` counts changes.
    """

    campaign: str
    wave: Wave
    first: str
    size: int
    place: int = 0
    retry: Mapping[int, datetime] = field(default_factory=dict)
    failed: tuple[int, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    lease_until: datetime | None = None
    owner: str = ""
    version: int = 1

    @property
    def key(self) -> Key:
        return schema.step_key(self.campaign, self.wave, self.first)

    @property
    def is_done(self) -> bool:
        return self.place >= self.size and not self.retry

    @property
    def lease(self) -> Lease:
        return Lease(self.lease_until, self.owner, self.version)

    def under(self, lease: Lease) -> ChunkStep:
        """The same under another lease."""
        return replace(self, lease_until=lease.until, owner=lease.holder, version=lease.version)

    def due_at(self, now: datetime) -> datetime:
        """When somebody can go on with it: whoever comes after the lease, or when there is something to do."""
        if self.lease_until is not None:
            return self.lease_until
        if self.place < self.size:
            return now
        return max(now, min(self.retry.values(), default=now))


def parts_of(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Even parts of at most a chunk's size."""
    parts = -(-len(ids) // LARGEST_CHUNK)
    for place in range(parts):
        yield ids[len(ids) * place // parts : len(ids) * (place + 1) // parts]


def chunk_item(chunk: Chunk) -> Item:
    return {"ids": " ".join(chunk.ids)}


@reads(lambda campaign, sk, item: schema.campaign_part_key(campaign, sk))
def chunk_from(campaign: str, sk: str, item: Item) -> Chunk:
    wave, _ = schema.wave_and_first(sk)
    return Chunk(campaign, Wave(wave), tuple(text(item, "ids").split(" ")))


def step_item(step: ChunkStep, due: datetime) -> Item:
    """`due` is when others may take it, as `due_at` says it."""
    return without_empty(step_values(step, due))


def step_values(step: ChunkStep, due: datetime) -> Item:
    """All attributes; those with empty values are to be removed."""
    work: Item = {"work": "", "work_at": ""}
    if not step.is_done:
        place = schema.chunk_place(int(step.wave), to_text(due), step.first)
        work = {"work": schema.chunks_line(step.campaign), "work_at": place}
    return _STEP.attributes(step) | work


@reads(lambda campaign, sk, item: schema.campaign_part_key(campaign, sk))
def step_from(campaign: str, sk: str, item: Item) -> ChunkStep:
    wave, first = schema.wave_and_first(sk)
    return _STEP.read(item, campaign=campaign, wave=Wave(wave), first=first)


def skips_item(skipped: Mapping[SkipReason, Sequence[int]]) -> Item:
    """Places of the chunk by reason."""
    return {reason.name.lower(): [*places] for reason, places in skipped.items() if places}


def skip_in(item: Item, place: int) -> SkipReason | None:
    """Why the customer at this place was skipped; None when they were not."""
    for name in item:
        if place in _places(item, name):
            return SkipReason[name.upper()]
    return None


def skip_counter(reason: SkipReason) -> str:
    return f"skip:{reason.name.lower()}"


def total_of(steps: Sequence[ChunkStep]) -> Counter[str]:
    """What the steps count together."""
    total: Counter[str] = Counter()
    for step in steps:
        total.update(step.counts)
    return total


def _places(item: Item, name: str) -> tuple[int, ...]:
    value = item.get(name, [])
    if not isinstance(value, list):
        raise MalformedItemError(f"{name} is not a list")
    return tuple(each for each in value if isinstance(each, int))


def _retry_item(retry: Mapping[int, datetime]) -> list[Value]:
    return [[place, to_text(moment)] for place, moment in sorted(retry.items())]


def _retry_from(found: list[tuple[int, str]]) -> dict[int, datetime]:
    return {int(place): from_text(moment) for place, moment in found}


_STEP = Record(
    ChunkStep,
    given=("campaign", "wave", "first"),
    needed=("version",),
    retry=As(write=_retry_item, read=_retry_from),
    counts=As(write=lambda counts: {name: count for name, count in counts.items() if count}, read=dict),
)
