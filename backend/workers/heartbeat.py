"""The heartbeat of a process: says every ten seconds that it lives, and saves once a minute what it has measured."""

from __future__ import annotations

import threading
import time

from loguru import logger

from backend.domain.health import BEAT_EVERY
from backend.errors import BackendError
from backend.observability.measures import MEASURES
from backend.observability.ring import RING
from backend.observability.rounds import Rounds
from backend.services.context import Shop
from backend.services.system import heartbeats
from backend.services.system.usage import Ledgered, save_usage
from backend.services.system.version import version
from backend.store.meter import Meter

_SAVE_SECONDS = 60.0


def run_heartbeat(shop: Shop, meter: Meter, stop: threading.Event, *, kind: str, rounds: Rounds) -> None:
    """Sends heartbeats until `stop` is set, then takes the process off the list."""
    process = heartbeats.BeatingProcess(kind, version(), shop.clock(), MEASURES, rounds, RING)
    saved = Ledgered(meter, MEASURES)
    save_at = time.monotonic() + _SAVE_SECONDS
    throttled = 0
    while not stop.is_set():
        throttled = _count_throttled(meter, throttled)
        try:
            with rounds.round("heartbeat"):
                heartbeats.beat(shop, process)
                if time.monotonic() >= save_at:
                    save_at = time.monotonic() + _SAVE_SECONDS
                    save_usage(shop, saved)
        except BackendError as error:
            logger.warning("No heartbeat: {}", type(error).__name__)
        except Exception:
            logger.exception("No heartbeat")
        stop.wait(BEAT_EVERY.total_seconds())
    try:
        save_usage(shop, saved)
        heartbeats.end(shop, process)
    except BackendError as error:
        logger.warning("The heartbeat could not say that it ends: {}", type(error).__name__)


def _count_throttled(meter: Meter, before: int) -> int:
    """Hands over what the store's meter has counted since, so that the last minutes are known."""
    now = sum(usage.throttled for usage in meter.usage().values())
    if now > before:
        MEASURES.count("throttled", "store", now - before)
    return now
