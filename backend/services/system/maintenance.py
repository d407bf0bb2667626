"""Maintenance: a time in which nobody changes anything. Pages say so, requests that write are refused, workers pause.

It is one marker in the store. Each process looks at it every two seconds, and everything else in the process asks what
was seen last, so that neither a page nor a request reads the store for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.domain.team import Actor, Permission
from backend.domain.text import clean_line
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import text
from backend.services.audit import log as audit_log
from backend.services.context import Shop
from backend.services.unreadable.items import read_one
from backend.store import schema
from backend.store.port import Delete, Item, Key, Put

LOOK_SECONDS = 2.0
RETRY_SECONDS = 120
"""The Retry-After of an answer that refuses a write."""
_KEY = schema.meta_key("maintenance")


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Why nothing can be changed, and since when."""

    reason: str
    since: datetime


class Watch:
    """What a process knows about maintenance. `seconds` is its clock for looking again."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._looked = -LOOK_SECONDS
        self.now: Maintenance | None = None

    def look(self, shop: Shop) -> bool:
        """Whether there is maintenance; asks the store when the last look is too old. Any thread may ask.

        Raises: `StoreBusyError`, `StoreUnreachableError`.
        """
        if self._seconds() - self._looked >= LOOK_SECONDS:
            self._looked = self._seconds()
            self.now = current(shop)
        return self.now is not None


WATCH = Watch()
"""That of this process: its workers look, its pages and its API ask."""


def current(shop: Shop) -> Maintenance | None:
    """The maintenance that holds now. A marker that cannot be read is none, so that it cannot close the shop."""
    return read_one(shop, _KEY, _maintenance_from)


@reads(key_given)
def _maintenance_from(_: Key, item: Item) -> Maintenance:
    return Maintenance(text(item, "reason"), from_text(text(item, "since")))


def begin(shop: Shop, actor: Actor, reason: str) -> None:
    """Begins it in every process, within seconds; a later reason replaces an earlier one.

    Raises: `PermissionDeniedError`, `InvalidInputError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    reason = clean_line(reason, "Reason", longest=200, required=True)
    marker = Put(_KEY, {"reason": reason, "since": to_text(shop.clock())})
    shop.store.transact([marker, audit_log.entry(shop, actor, "began maintenance", "system:maintenance", reason)])


def end(shop: Shop, actor: Actor) -> None:
    """Ends it, if there is any.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    entry = audit_log.entry(shop, actor, "ended maintenance", "system:maintenance")
    shop.store.transact([Delete(_KEY), entry])
