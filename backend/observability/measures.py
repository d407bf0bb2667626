"""What this process has counted of its own work. Cheap to add to, bounded, and without personal data.

An action has a kind and a name ("page", "overview"). Names come from the program and not from people, and beyond a
number of them the rest counts as "other", so that requests cannot make it grow.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from backend.errors import BackendError, StoreBusyError, StoreUnreachableError

STEPS_MS = (5, 10, 20, 40, 60, 100, 200, 500, 1000, 2500, 10000)
"""Upper ends in milliseconds of the classes in which durations are counted; above is one more class."""
LATELY_SECONDS = 300
_SLOT_SECONDS = 10
_MOST_NAMES = 60
_MOST_LABELS = 40
_KINDS = frozenset({"page", "api", "import", "duty", "command"})


@dataclass(frozen=True, slots=True)
class Durations:
    """How long one action took. `classes` follow `STEPS_MS`, with one more at the end; `failed` are our errors."""

    classes: tuple[int, ...] = (0,) * (len(STEPS_MS) + 1)
    failed: int = 0
    milliseconds: int = 0
    longest_ms: int = 0

    @property
    def count(self) -> int:
        return sum(self.classes)

    def within(self, milliseconds: int) -> int:
        """How many took no longer than this, which is one of the steps."""
        return sum(self.classes[: STEPS_MS.index(milliseconds) + 1])

    def percentile(self, share: float) -> int | None:
        """The upper end of the class below which this share of them is; None when there are none."""
        wanted = share * self.count
        if not wanted:
            return None
        for step, number in zip(STEPS_MS, self.classes, strict=False):
            wanted -= number
            if wanted <= 0:
                return step
        return max(self.longest_ms, STEPS_MS[-1])

    def plus(self, other: Durations) -> Durations:
        return Durations(
            tuple(a + b for a, b in zip(self.classes, other.classes, strict=True)),
            self.failed + other.failed,
            self.milliseconds + other.milliseconds,
            max(self.longest_ms, other.longest_ms),
        )


@dataclass(frozen=True, slots=True)
class Lately:
    """What happened in the last five minutes."""

    actions: int = 0
    failed: int = 0
    throttled: int = 0


@dataclass(slots=True)
class _Slot:
    began: float
    actions: int = 0
    failed: int = 0
    throttled: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A copy of everything. Keys are (kind, name) for actions and (counter, label) for counts."""

    actions: Mapping[tuple[str, str], Durations] = field(default_factory=dict)
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)


class Measures:
    """Thread-safe. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._actions: dict[tuple[str, str], Durations] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._slots: deque[_Slot] = deque()

    def action(self, name: str, seconds: float, *, failed: bool = False) -> None:
        """Counts an action, such as "page overview"; without a known kind at its beginning it is a command."""
        kind, _, rest = name.partition(" ")
        key = (kind, rest or kind) if kind in _KINDS else ("command", name)
        milliseconds = max(round(seconds * 1000), 0)
        place = bisect_left(STEPS_MS, milliseconds)
        with self._lock:
            known = self._actions.get(key)
            if known is None and sum(kind == key[0] for kind, _ in self._actions) >= _MOST_NAMES:
                key = (key[0], "other")
                known = self._actions.get(key)
            known = known or Durations()
            self._actions[key] = replace(
                known,
                classes=(*known.classes[:place], known.classes[place] + 1, *known.classes[place + 1 :]),
                failed=known.failed + failed,
                milliseconds=known.milliseconds + milliseconds,
                longest_ms=max(known.longest_ms, milliseconds),
            )
            slot = self._slot()
            slot.actions += 1
            slot.failed += failed

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Counts what happens within as one action."""
        began = time.perf_counter()
        failed = False
        try:
            yield
        except Exception as error:
            failed = is_our_fault(error)
            raise
        finally:
            self.action(name, time.perf_counter() - began, failed=failed)

    def count(self, counter: str, label: str, number: int = 1) -> None:
        """Adds to a counter, such as ("messages", "sent"). A counter has a bounded number of labels."""
        with self._lock:
            key = (counter, label)
            if key not in self._counts and sum(name == counter for name, _ in self._counts) >= _MOST_LABELS:
                key = (counter, "other")
            self._counts[key] = self._counts.get(key, 0) + number
            if counter == "throttled":
                self._slot().throttled += number

    def lately(self) -> Lately:
        """The last five minutes."""
        with self._lock:
            self._slot()
            return Lately(
                sum(slot.actions for slot in self._slots),
                sum(slot.failed for slot in self._slots),
                sum(slot.throttled for slot in self._slots),
            )

    def measured(self) -> Measured:
        """A copy of everything since the process began."""
        with self._lock:
            return Measured(dict(self._actions), dict(self._counts))

    def _slot(self) -> _Slot:
        """The slot of now; drops the old ones. The caller has the lock."""
        now = self._monotonic()
        while self._slots and self._slots[0].began <= now - LATELY_SECONDS:
            self._slots.popleft()
        if not self._slots or self._slots[-1].began <= now - _SLOT_SECONDS:
            self._slots.append(_Slot(now))
        return self._slots[-1]


def is_our_fault(error: BaseException) -> bool:
    """Whether an action that raised this failed on our side: a refusal with a sentence for people has not failed."""
    if isinstance(error, BackendError):
        return isinstance(error, StoreBusyError | StoreUnreachableError)
    return isinstance(error, Exception)


MEASURES = Measures()
"""Those of this process."""
