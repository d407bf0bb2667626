"""Drains the local queue of events in a process of its own, which may kill itself at one step; see worker_script."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from backend.domain.time import utc_now
from backend.email.events.sources import Batch
from backend.email.events.spool import SpoolSource
from backend.errors import BackendError
from backend.services.events.consequences import EventPolicy
from backend.services.events.drain import drain
from backend.store.port import Item, Update, Write
from backend.store.sql import SqlStore
from tests.mailing.worker_script import Fate
from tests.support import shop_on


class MortalStore(SqlStore):
    """The SQLite store, whose writes may be the last thing that the process does."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url)
        self._fate = fate

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        result: list[BackendError | None] = self._fate.call("transact_each", super().transact_each, transactions)
        return result

    def update(self, update: Update) -> Item:
        item: Item = self._fate.call("update", super().update, update)
        return item


class MortalSource(SpoolSource):
    """The queue, whose "done" may be the last thing that the process says."""

    def __init__(self, folder: Path, fate: Fate) -> None:
        super().__init__(folder)
        self._fate = fate

    def done(self, batch: Batch) -> None:
        self._fate.call("done", super().done, batch)


def main(url: str, folder: str, step: str) -> None:
    fate = Fate(step)
    shop = shop_on(MortalStore(url, fate), clock=utc_now)
    drain(shop, MortalSource(Path(folder), fate), EventPolicy(), threading.Event())
