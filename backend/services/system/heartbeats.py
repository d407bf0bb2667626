"""Heartbeats: each process writes its duties and state, and reads those of the others."""

from __future__ import annotations

import os
import secrets
import socket
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.health import FORGOTTEN_AFTER, Beat
from backend.domain.team import Actor, Permission
from backend.observability.measures import Measures
from backend.observability.ring import Ring
from backend.observability.rounds import Rounds
from backend.records.system import beat_from, beat_item
from backend.services.context import Shop
from backend.services.unreadable.items import readable_rows
from backend.store import schema
from backend.store.port import EXPIRES, Delete, Put, Query, pages_of

_TROUBLES = 5
_LOOKS = 12
"""The greatest clock difference of so many beats counts: about two minutes."""


@dataclass(slots=True)
class BeatingProcess:
    """Makes the heartbeats of one process. Used by one thread."""

    kind: str
    version: str
    started_at: datetime
    measures: Measures
    rounds: Rounds
    ring: Ring
    process: str = field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}")
    skews: deque[int] = field(default_factory=lambda: deque(maxlen=_LOOKS))

    def now(self, at: datetime) -> Beat:
        lately = self.measures.lately()
        return Beat(
            process=self.process,
            kind=self.kind,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=self.version,
            started_at=self.started_at,
            at=at,
            duties=self.rounds.duties(),
            actions=lately.actions,
            failed=lately.failed,
            throttled=lately.throttled,
            skew_ms=max(self.skews, default=0),
            troubles=self.ring.troubles(_TROUBLES),
        )


def beat(shop: Shop, process: BeatingProcess) -> None:
    """Writes one heartbeat, and measures how far the other processes' clocks are ahead.

    Another process's beat cannot be from our future unless its clock is ahead of ours. So the greatest lead that is
    seen in some minutes comes close to the difference of the clocks.
    """
    others = [each for each in read_beats(shop) if each.process != process.process]
    now = shop.clock()
    process.skews.append(max((max(round((each.at - now).total_seconds() * 1000), 0) for each in others), default=0))
    item = beat_item(process.now(now)) | {EXPIRES: int((now + FORGOTTEN_AFTER).timestamp())}
    shop.store.put(Put(schema.beat_key(process.process), item))


def end(shop: Shop, process: BeatingProcess) -> None:
    """Removes the process from the list, because it ends normally."""
    shop.store.delete(Delete(schema.beat_key(process.process)))


def read_beats(shop: Shop) -> list[Beat]:
    """The last heartbeat of each process, without those silent for longer than 15 minutes; oldest process first."""
    oldest = shop.clock() - FORGOTTEN_AFTER
    rows = pages_of(shop.store, Query(schema.MAIL, "BEATS", limit=200))
    beats = [found for found in readable_rows(shop, rows, beat_from) if found.at > oldest]
    return sorted(beats, key=lambda each: each.started_at)


def list_processes(shop: Shop, actor: Actor) -> list[Beat]:
    """Checks the permission of `actor`, then returns `read_beats`.

    Raises: `PermissionDeniedError`.
    """
    actor.require(Permission.VIEW_SYSTEM)
    return read_beats(shop)
