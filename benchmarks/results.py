"""What was measured, and how it is printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

AS_FAST = "x as fast"
"""The unit of a measurement that is itself a ratio of two speeds."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long something took, in milliseconds, and how often it was done."""

    runs: int
    median: float
    p95: float


class Rate(NamedTuple):
    """So many a second by the clock, and for a second of processor time, which others on the machine change less."""

    clock: float
    processor: float


def median_rate(rates: Sequence[Rate]) -> Rate:
    return Rate(statistics.median(rate.clock for rate in rates), statistics.median(rate.processor for rate in rates))


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the result.

    `value` is in `unit`: milliseconds or units (less is better), something a second or a speed-up (more is better).
    `naive` is what the naive way gave in the same run, in the same unit. `target` is what the design requires, None
    without one.
    """

    group: str
    what: str
    value: float
    unit: str
    runs: int
    naive: float | None = None
    naive_way: str = ""
    target: float | None = None

    @property
    def more_is_better(self) -> bool:
        return self.unit.endswith(("/s", AS_FAST))

    @property
    def times_better(self) -> float | None:
        """How many times better than the naive way."""
        if not self.naive or not self.value:
            return None
        return self.value / self.naive if self.more_is_better else self.naive / self.value

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without one."""
        if self.target is None:
            return None
        return self.value >= self.target if self.more_is_better else self.value <= self.target

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"times_better": self.times_better, "reached": self.reached}


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All that a run measured. `skipped` says what could not be measured, and why."""

    machine: dict[str, str | int]
    size: str
    measurements: list[Measurement]
    skipped: list[str]

    def as_dict(self) -> dict[str, Any]:
        measured = [each.as_dict() for each in self.measurements]
        return {"machine": self.machine, "size": self.size, "measurements": measured, "skipped": self.skipped}


def timed(call: Callable[[], object], *, runs: int, seconds: float = 10.0) -> Timing:
    """Times a call: once to warm up, then as often as given, but no longer than so many seconds."""
    call()
    taken: list[float] = []
    ends = time.perf_counter() + seconds
    while len(taken) < runs and (not taken or time.perf_counter() < ends):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return timing_of(taken)


def timed_once(call: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def timing_of(milliseconds: Sequence[float]) -> Timing:
    ordered = sorted(milliseconds)
    return Timing(len(ordered), statistics.median(ordered), ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)])
