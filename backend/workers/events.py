"""The event worker: takes in what the mail provider reports, from the queue or from the local outbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from loguru import logger

from backend.email.events.sources import EventSource
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.drain import drain_batch
from backend.services.events.health import note_backlog
from backend.services.events.intake import Intake

REST = 1.0
"""Seconds between looks at a source that does not wait by itself."""
BACKLOG_SECONDS = 10.0
_BATCHES = 20
"""Batches of a round, so that the round ends now and then and is seen to be alive."""


def event_rounds(
    shop: Shop, sources: Sequence[EventSource], policy: EventPolicy, stop: threading.Event
) -> Callable[[], float]:
    """A round that drains all sources; it returns how many seconds to rest before the next one."""
    told_at = -BACKLOG_SECONDS

    def work() -> float:
        nonlocal told_at
        total, trouble = Intake(), None
        for source in sources:
            try:
                total.add(_drained(shop, source, policy, stop))
            except Exception as error:  # the other sources, and what waits at this one, are still looked at
                trouble = trouble or error
        if time.monotonic() - told_at >= BACKLOG_SECONDS:
            for source in sources:
                try:
                    note_backlog(shop, source.name, source.state())
                except Exception as error:
                    trouble = trouble or error
            told_at = time.monotonic()
        if trouble is not None:
            raise trouble
        if total.total:
            logger.info("{} events taken in, {} of them applied", total.total, total.applied)
        return 0.0 if total.total else REST

    return work


def _drained(shop: Shop, source: EventSource, policy: EventPolicy, stop: threading.Event) -> Intake:
    total = Intake()
    for _ in range(_BATCHES):
        intake = drain_batch(shop, source, policy, stop)
        total.add(intake)
        if not intake.total or stop.is_set():
            break
    return total
