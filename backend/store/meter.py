"""Counts requests and capacity units per access pattern, by AWS's rules from the bytes of items.

An engine given a meter reports each request; the figures say what the same work costs on DynamoDB on demand.
Rules: AWS, "DynamoDB read and write operations": a write unit is 1 KB and doubles in a transaction (`repeats` says
which single write needs none), a read unit is 4 KB strongly consistent and half of that eventually; an index is
written when a projected attribute changes (twice when its key changes) and index writes are not doubled.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import Random

from backend.store.limits import attributes_bytes, item_bytes
from backend.store.port import Item, Key, UnreadableItem
from backend.store.schema import TABLES, Index

_pattern: ContextVar[str] = ContextVar("access_pattern", default="other")
USUAL_SAMPLE = 16
"""What a running installation looks at: one call of so many."""
_INDEXES = {table.name: table.indexes for table in TABLES}


@dataclass(slots=True)
class Usage:
    """What one access pattern has used so far."""

    requests: int = 0
    read_units: float = 0.0
    write_units: float = 0.0
    throttled: int = 0


@contextmanager
def access_pattern(name: str) -> Iterator[None]:
    """Everything that the store does within is counted under this name."""
    token = _pattern.set(name)
    try:
        yield
    finally:
        _pattern.reset(token)


class Meter:
    """Thread-safe counters. `usage()` gives a copy.

    Units that an engine works out from the bytes of items are worked out for about one call of `sample`, and count
    for all of them: looking at every byte takes a quarter of the time of a write. Requests are counted exactly.
    """

    def __init__(self, sample: int = 1) -> None:
        self._lock = threading.Lock()
        self._usage: defaultdict[str, Usage] = defaultdict(Usage)
        self._sample = sample
        self._chance = Random()  # noqa: S311 - a sample, nothing secret

    @property
    def is_exact(self) -> bool:
        """Whether it wants to know every item as it was before."""
        return self._sample == 1

    def usage(self) -> dict[str, Usage]:
        with self._lock:
            return {
                name: Usage(u.requests, u.read_units, u.write_units, u.throttled) for name, u in self._usage.items()
            }

    def reset(self) -> None:
        with self._lock:
            self._usage.clear()

    def add(self, *, read_units: float = 0.0, write_units: float = 0.0, requests: int = 1) -> None:
        """Count a request whose units are known (DynamoDB itself reports them)."""
        with self._lock:
            usage = self._usage[_pattern.get()]
            usage.requests += requests
            usage.read_units += read_units
            usage.write_units += write_units

    def throttle(self) -> None:
        """Count a request that was turned away because of load."""
        with self._lock:
            self._usage[_pattern.get()].throttled += 1

    def read(self, found: Iterable[tuple[Key, Item | None]], *, consistent: bool, together: bool) -> None:
        """Count a read of these items; a query rounds their bytes up together, a batch get one by one."""
        if not self._looks():
            self.add()
            return
        sizes = [_size(key, item) for key, item in found]
        rounded = math.ceil(max(sum(sizes), 1) / 4096) if together else sum(math.ceil(max(s, 1) / 4096) for s in sizes)
        self.add(read_units=self._sample * (float(rounded) if consistent else rounded / 2))

    def write(self, changes: Iterable[tuple[Key, Item | None, Item | None]], *, transactional: bool) -> None:
        """Count a write request that turned each old item into the new one (None: absent)."""
        if not self._looks():
            self.add()
            return
        units = 0.0
        for key, old, new in changes:
            units += table_units(key, old, new) * (2 if transactional else 1)
            units += sum(index_units(index, key, old, new) for index in _INDEXES[key.table])
        self.add(write_units=self._sample * units)

    def _looks(self) -> bool:
        """Whether this call is one whose bytes are looked at. By lot, because work repeats itself in fixed turns."""
        return self._sample == 1 or self._chance.random() * self._sample < 1


def table_units(key: Key, old: Item | None, new: Item | None) -> int:
    """Write units of the table itself: 1 KB steps of the larger of the two images."""
    return math.ceil(max(_size(key, old), _size(key, new), 1) / 1024)


def index_units(index: Index, key: Key, old: Item | None, new: Item | None) -> int:
    """Write units of one index: none, one (a put, a delete or an update), or two (the index key changed)."""
    before, after = index_entry(index, old), index_entry(index, new)
    if before == after:
        return 0
    moved = (
        before is not None
        and after is not None
        and (before[index.partition] != after[index.partition] or before[index.sort] != after[index.sort])
    )
    images = (before, after) if moved else (after if after is not None else before,)
    return sum(math.ceil((_entry_bytes(key, image)) / 1024) for image in images)


def index_entry(index: Index, item: Item | None) -> Item | None:
    """The attributes that the index keeps of the item, or None when the item is not in it."""
    if item is None or isinstance(item, UnreadableItem) or index.partition not in item or index.sort not in item:
        return None
    kept = {index.partition, index.sort, *index.projected}
    return {name: value for name, value in item.items() if name in kept}


def _size(key: Key, item: Item | None) -> int:
    if isinstance(item, UnreadableItem):
        return len(item.raw)
    return 0 if item is None else item_bytes(key, item)


def _entry_bytes(key: Key, entry: Item | None) -> int:
    return len(key.pk.encode()) + len(key.sk.encode()) + 4 + attributes_bytes(entry or {})
