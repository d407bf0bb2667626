"""Metrics in Prometheus's text format, made on request. Labels are words of the program: no ids, no addresses.

What happened in a process is counted by the process; what is in the store (the queue, open alerts) is read
on request, at most every ten seconds, and is the same in all processes.
"""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from loguru import logger
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from backend.deadlines import within
from backend.domain.network import Origin
from backend.domain.time import Clock, utc_now
from backend.observability.measures import STEPS_MS, Durations, Measures
from backend.observability.rounds import Rounds
from backend.store.meter import Meter

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LOOK_SECONDS = 10.0

Look = Callable[[], Mapping[str, float]]
"""Returns the figures of the store, by the names of `STORED`."""

STORED: Mapping[str, str] = {
    "queue_due": "Messages that could go out now (1,000 at most).",
    "queue_oldest_seconds": "How long the first due message has been waiting.",
    "queue_leased": "Messages that a worker has claimed at this moment.",
    "queue_expired": "Messages whose claim has run out.",
    "queue_unknown": "Messages that may have gone out (1,000 at most).",
    "queue_failed": "Messages that were not sent and that nobody has handled (1,000 at most).",
    "dead_letters": "Events that could not be taken in (1,000 at most).",
    "events_waiting": "Events that wait at their source.",
    "alerts_open": "Alerts that are open.",
    "processes_alive": "Processes that have beaten in the last 45 seconds.",
}
COUNTERS: Mapping[str, tuple[str, str]] = {
    "messages": ("status", "Messages that this process has settled, by what became of them."),
    "events": ("type", "Events of the provider that this process has taken in."),
    "errors": ("part", "Errors that this process has logged."),
}
_COUNTED = {
    "requests": "Requests to the store.",
    "read_units": "Read units that the store's requests cost on DynamoDB.",
    "write_units": "Write units that the store's requests cost on DynamoDB.",
    "throttled": "Requests that the store has turned away.",
}


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the metrics of a process come from."""

    measures: Measures
    rounds: Rounds
    meter: Meter
    look: Look
    version: str
    kind: str
    clock: Clock = utc_now


class Metrics:
    """The metrics of one process. Thread-safe."""

    def __init__(self, sources: Sources) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Everything(sources))
        ProcessCollector(registry=self._registry)

    def text(self) -> bytes:
        """All metrics, as Prometheus reads them."""
        return generate_latest(self._registry)


def may_read(token: str, authorization: str, origin: Origin) -> bool:
    """Whether a request may read the metrics: with the token if there is one, else from this machine."""
    if token:
        return hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
    return origin.on_this_machine


class _Everything(Collector):
    def __init__(self, sources: Sources) -> None:
        self._from = sources
        self._lock = threading.Lock()
        self._looked: tuple[float, Mapping[str, float]] = (float("-inf"), {})

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily("tillpost_info", "What runs here.", labels=("version", "kind"))
        info.add_metric((self._from.version, self._from.kind), 1)
        yield info
        yield from self._actions()
        yield from self._counts()
        yield from self._duties()
        yield from self._store()
        yield from self._stored()

    def _actions(self) -> Iterator[Metric]:
        labels = ("kind", "name")
        took = HistogramMetricFamily("tillpost_action_seconds", "How long actions took.", labels=labels)
        failed = CounterMetricFamily("tillpost_action_failures", "Actions that failed on our side.", labels=labels)
        for place, durations in sorted(self._from.measures.measured().actions.items()):
            took.add_metric(place, _buckets(durations), durations.milliseconds / 1000)
            failed.add_metric(place, durations.failed)
        yield took
        yield failed

    def _counts(self) -> Iterator[Metric]:
        counts = self._from.measures.measured().counts
        for name, (label, words) in COUNTERS.items():
            family = CounterMetricFamily(f"tillpost_{name}", words, labels=(label,))
            for (counter, value), number in sorted(counts.items()):
                if counter == name:
                    family.add_metric((value,), number)
            yield family
        waited = counts.get(("rate_wait_ms", "mail"), 0) / 1000
        yield CounterMetricFamily("tillpost_rate_wait_seconds", "Time spent waiting for the sending rate.", waited)

    def _duties(self) -> Iterator[Metric]:
        rounds = CounterMetricFamily("tillpost_duty_rounds", "Rounds of duties.", labels=("duty",))
        trouble = CounterMetricFamily("tillpost_duty_trouble", "Rounds that could not be done.", labels=("duty",))
        running = GaugeMetricFamily(
            "tillpost_duty_round_seconds", "How long the present round has taken; 0 between rounds.", labels=("duty",)
        )
        now = self._from.clock()
        for duty in self._from.rounds.duties():
            rounds.add_metric((duty.name,), duty.rounds)
            trouble.add_metric((duty.name,), duty.trouble)
            took = (now - duty.began_at).total_seconds() if duty.in_round and duty.began_at else 0.0
            running.add_metric((duty.name,), max(took, 0.0))
        yield from (rounds, trouble, running)

    def _store(self) -> Iterator[Metric]:
        usage = sorted(self._from.meter.usage().items())
        for name, words in _COUNTED.items():
            family = CounterMetricFamily(f"tillpost_store_{name}", words, labels=("pattern",))
            for pattern, used in usage[:_MOST_PATTERNS]:
                family.add_metric((pattern,), getattr(used, name))
            yield family

    def _stored(self) -> Iterator[Metric]:
        """The figures of the store, and whether all could be read. Those that could not are left out."""
        found = self._look()
        up = GaugeMetricFamily("tillpost_store_up", "Whether the store could be read just now.")
        up.add_metric((), 1 if found else 0)
        yield up
        for name, words in STORED.items():
            if name in found:
                family = GaugeMetricFamily(f"tillpost_{name}", words)
                family.add_metric((), found[name])
                yield family

    def _look(self) -> Mapping[str, float]:
        with self._lock:
            looked_at, found = self._looked
            if time.monotonic() - looked_at >= _LOOK_SECONDS:
                try:
                    found = within(LOOK_SECONDS, "The store", self._from.look)
                except Exception as error:
                    logger.warning("The store could not be read for the metrics: {}", type(error).__name__)
                    found = {}
                self._looked = (time.monotonic(), found)
            return found


_MOST_PATTERNS = 200
LOOK_SECONDS = 5.0
"""How long the store may take; without its figures, the others are there all the same."""


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    """Cumulated, as Prometheus counts."""
    total, found = 0, []
    for step, number in zip(STEPS_MS, durations.classes, strict=False):
        total += number
        found.append((f"{step / 1000:g}", float(total)))
    return [*found, ("+Inf", float(durations.count))]
