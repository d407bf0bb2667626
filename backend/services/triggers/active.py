"""Which automations are on, known to every process without a read for each order.

A process reads the list at most every two seconds. So that an order is never placed by a process which does not know
yet, a newly switched on automation begins to listen only after `LEAD`, when every process has read it.
"""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from weakref import WeakKeyDictionary

from backend.domain.automations import Automation, TriggerKind
from backend.records.automations import automation_from
from backend.services.context import Shop
from backend.services.unreadable.items import readable
from backend.store.meter import access_pattern
from backend.store.port import Query, Store, pages_of
from backend.store.schema import SHOP

LEAD = timedelta(seconds=5)
"""From switching on to listening: more than twice as long as a process may go without looking."""
SECONDS = 2.0

_lock = threading.Lock()
_known: WeakKeyDictionary[Store, tuple[float, tuple[Automation, ...]]] = WeakKeyDictionary()


def all_automations(shop: Shop) -> list[Automation]:
    """Every automation, read now, the oldest first."""
    query = Query(SHOP, "AUTOMATIONS", limit=100, consistent=True)
    with access_pattern("automations"):
        found = [*readable(shop, pages_of(shop.store, query), lambda key, item: automation_from(key.sk, item))]
    return sorted(found, key=lambda automation: (automation.created_at, automation.id))


def listening(shop: Shop, kind: TriggerKind) -> list[Automation]:
    """Those that an event of this kind starts at this moment."""
    on = _on(shop)
    if not on:
        return []
    now = shop.clock()
    return [automation for automation in on if automation.kind is kind and automation.listens_at(now)]


def forget(shop: Shop) -> None:
    """Automations were changed here: this process looks again at once."""
    with _lock:
        _known.pop(shop.store, None)


def _on(shop: Shop) -> tuple[Automation, ...]:
    now = time.monotonic()
    known = _known.get(shop.store)
    if known is not None and now - known[0] < SECONDS:
        return known[1]
    on = tuple(automation for automation in all_automations(shop) if automation.on)
    with _lock:
        _known[shop.store] = (now, on)
    return on
