"""The last log records of this process, for people who look at the System page. Addresses are masked already."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from backend.domain.health import Trouble

_KEPT = 500
_ERRORS_KEPT = 20
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record. `action_id` joins it with the others of the same action; `error` is the end of the traceback."""

    at: datetime
    level: str
    message: str
    action: str = ""
    action_id: str = ""
    error: str = ""


class Ring:
    """Bounded and thread-safe."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._lock = threading.Lock()
        self._records: deque[LogRecord] = deque(maxlen=kept)
        self._errors: deque[LogRecord] = deque(maxlen=_ERRORS_KEPT)

    def add(self, record: LogRecord) -> None:
        kept = LogRecord(
            record.at,
            record.level,
            record.message[:_LONGEST],
            record.action,
            record.action_id,
            record.error[-_LONGEST:],
        )
        with self._lock:
            self._records.append(kept)
            if record.level in ("ERROR", "CRITICAL"):
                self._errors.append(kept)

    def records(self) -> list[LogRecord]:
        """Newest first."""
        with self._lock:
            return list(self._records)[::-1]

    def troubles(self, number: int) -> tuple[Trouble, ...]:
        """The last errors, newest first."""
        with self._lock:
            last = list(self._errors)[::-1][:number]
        return tuple(Trouble(record.at, record.action, record.message[:200]) for record in last)


RING = Ring()
"""That of this process."""
