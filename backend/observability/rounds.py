"""Which duties this process does, and when each of their rounds began and ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from backend.domain.health import DutyBeat
from backend.domain.time import Clock, utc_now


class Rounds:
    """Thread-safe. A duty that has begun a round and not ended it is at work, or stuck."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._duties: dict[str, DutyBeat] = {}

    def announce(self, name: str, patience: float) -> None:
        """Records that this process does the duty; `patience` is how many seconds a round of it may take."""
        with self._lock:
            self._duties.setdefault(name, DutyBeat(name, patience, since=self._clock()))

    def began(self, name: str) -> None:
        with self._lock:
            duty = self._duties.get(name) or DutyBeat(name, since=self._clock())
            self._duties[name] = duty.begun(self._clock())

    def ended(self, name: str, *, trouble: bool = False) -> None:
        with self._lock:
            duty = self._duties.get(name) or DutyBeat(name, since=self._clock())
            self._duties[name] = duty.done(self._clock(), trouble=trouble)

    @contextmanager
    def round(self, name: str) -> Iterator[None]:
        """One round. It was trouble if it raises."""
        self.began(name)
        trouble = True
        try:
            yield
            trouble = False
        finally:
            self.ended(name, trouble=trouble)

    def duties(self) -> tuple[DutyBeat, ...]:
        with self._lock:
            return tuple(self._duties.values())
