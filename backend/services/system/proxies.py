"""Whether requests come through a proxy that TRUSTED_PROXIES does not name; kept in the store, for health."""

from __future__ import annotations

import threading
from collections.abc import MutableMapping
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from loguru import logger

from backend.domain.network import Origin
from backend.domain.time import from_text, to_text
from backend.errors import BackendError
from backend.records.conversion import key_given, reads
from backend.records.values import text
from backend.services.context import Shop
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Item, Key, Put, Store

FORGOTTEN_AFTER = timedelta(hours=24)
_NOTED_EVERY = timedelta(hours=1)
_lock = threading.Lock()
_noted: MutableMapping[Store, datetime] = WeakKeyDictionary()
"""When this process last recorded one."""


def note_origin(shop: Shop, origin: Origin) -> None:
    """Records an unnamed proxy in the log and in the store, once an hour. A failing store does not refuse the
    request.
    """
    if not origin.by_unnamed_proxy or not _is_due(shop):
        return
    logger.warning(
        "A request came with forwarding headers from an address that TRUSTED_PROXIES does not name. If it is your "
        "reverse proxy, name it there: without it, all visitors share one address and one limit."
    )
    try:
        shop.store.put(Put(schema.meta_key("unnamed_proxy"), {"seen": to_text(shop.clock())}))
    except BackendError as error:
        logger.warning("An unnamed proxy could not be recorded: {}", type(error).__name__)


def unnamed_proxy_seen(shop: Shop) -> datetime | None:
    """When a request last came through an unnamed proxy, if that was within a day."""
    seen = read_one(shop, schema.meta_key("unnamed_proxy"), _seen_from)
    return seen if seen and shop.clock() - seen < FORGOTTEN_AFTER else None


@reads(key_given)
def _seen_from(_: Key, item: Item) -> datetime:
    return from_text(text(item, "seen"))


def _is_due(shop: Shop) -> bool:
    now = shop.clock()
    with _lock:
        last = _noted.get(shop.store)
        if last is not None and now - last < _NOTED_EVERY:
            return False
        _noted[shop.store] = now
        return True
