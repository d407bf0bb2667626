"""The figures in the store that metrics show, under the names that `observability.metrics` lists."""

from __future__ import annotations

from collections.abc import Mapping

from backend.services.alerts.states import current_alerts
from backend.services.context import Shop
from backend.services.events.dead_letters import count_dead_letters
from backend.services.events.health import backlogs
from backend.services.system.heartbeats import read_beats
from backend.services.system.queue import queue_state
from backend.store.meter import access_pattern


def gauges(shop: Shop) -> Mapping[str, float]:
    """Reads them now; costs about 20 requests to the store.

    Raises: `StoreBusyError`, `StoreUnreachableError`.
    """
    with access_pattern("metrics"):
        queue, now = queue_state(shop), shop.clock()
        return {
            "queue_due": queue.due,
            "queue_oldest_seconds": queue.age(now).total_seconds(),
            "queue_leased": queue.leased,
            "queue_expired": queue.expired,
            "queue_unknown": queue.unknown,
            "queue_failed": queue.failed,
            "dead_letters": count_dead_letters(shop),
            "events_waiting": sum(each.waiting for each in backlogs(shop)),
            "alerts_open": sum(alert.is_open for alert in current_alerts(shop)),
            "processes_alive": sum(not beat.is_silent(now) for beat in read_beats(shop)),
        }
