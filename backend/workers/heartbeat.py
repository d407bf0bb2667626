"""The heartbeat of a process: says every ten seconds that it lives, and saves once a minute what it has measured."""

from __future__ import annotations

import time

from backend.domain.health import BEAT_EVERY
from backend.observability.measures import MEASURES
from backend.observability.ring import RING
from backend.observability.rounds import Rounds
from backend.services.context import Shop
from backend.services.system import heartbeats
from backend.services.system.usage import SavedUsage, save_usage
from backend.services.system.version import version
from backend.store.meter import Meter
from backend.workers.loop import Work

_SAVE_SECONDS = 60.0


class Heartbeat(Work):
    """Sends heartbeats, and at the end takes the process off the list."""

    def __init__(self, shop: Shop, meter: Meter, kind: str, rounds: Rounds) -> None:
        super().__init__(self._beat)
        self._shop, self._meter = shop, meter
        self._process = heartbeats.BeatingProcess(kind, version(), shop.clock(), MEASURES, rounds, RING)
        self._saved = SavedUsage(meter, MEASURES)
        self._save_at = time.monotonic() + _SAVE_SECONDS
        self._throttled = 0

    def _beat(self) -> float:
        self._throttled = _count_throttled(self._meter, self._throttled)
        heartbeats.beat(self._shop, self._process)
        if time.monotonic() >= self._save_at:
            self._save_at = time.monotonic() + _SAVE_SECONDS
            save_usage(self._shop, self._saved)
        return BEAT_EVERY.total_seconds()

    def close(self) -> None:
        save_usage(self._shop, self._saved)
        heartbeats.end(self._shop, self._process)


def _count_throttled(meter: Meter, before: int) -> int:
    """Hands over what the store's meter has counted since, so that the last minutes are known."""
    now = sum(usage.throttled for usage in meter.usage().values())
    if now > before:
        MEASURES.count("throttled", "store", now - before)
    return now
