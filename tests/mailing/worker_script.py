"""A mail worker in a process of its own, which the tests kill. It can also kill itself at one step of a send.

The steps are calls that the worker makes to its store and its transport. A wrapper around either ends the process by
SIGKILL right before or right after the n-th of them; the product knows nothing of it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from backend.domain.emails import Account, Answer, OutgoingEmail
from backend.domain.time import utc_now
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.protocol import Transport
from backend.email.transports.recording import (
    Behaviour,
    LoseReply,
    NeverArrive,
    RecordingTransport,
    Refuse,
    at_random,
)
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, request_message
from backend.services.sending.submissions import MOST_ATTEMPTS
from backend.store.port import Put, Store, Write
from backend.store.sql import SqlStore
from backend.workers.mail import run_mail_worker
from tests.support import STAFF, shop_on

SHARES: Mapping[Behaviour, float] = {
    Refuse("Busy.", retryable=True): 0.15,
    Refuse("Not possible."): 0.05,
    LoseReply(): 0.1,
    NeverArrive(): 0.05,
}
"""The rest is accepted."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What one process is to do: work until it is stopped, or one of the things below.

    `step` is where it dies, as `place:moment:n`: "transact_each:before:2" is right before the second call of that
    name. With `request` it asks for one message to that customer, as a page does. With `until_idle` it works until
    nothing is due; with `finish` too, with a clock that goes on by half a day after each time, from tomorrow on.
    """

    store: str
    journal: str
    step: str = ""
    until_idle: bool = False
    finish: bool = False
    request: str = ""
    key: str = ""
    seconds: float = 0.002


class Fate:
    """Ends this process at its step."""

    def __init__(self, step: str) -> None:
        self._place, self._moment, number = step.split(":") if step else ("", "", "0")
        self._number = int(number)
        self._calls = count(1)

    def call(self, place: str, work: Any, *arguments: Any) -> Any:
        mine = place == self._place and next(self._calls) == self._number
        if mine and self._moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = work(*arguments)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


class MortalStore(SqlStore):
    """The SQLite store, whose writes may be the last thing that the process does."""

    def __init__(self, url: str, fate: Fate) -> None:
        super().__init__(url)
        self._fate = fate

    def transact_each(self, transactions: Sequence[Sequence[Write]]) -> list[BackendError | None]:
        result: list[BackendError | None] = self._fate.call("transact_each", super().transact_each, transactions)
        return result

    def transact(self, writes: Sequence[Write]) -> None:
        self._fate.call("transact", super().transact, writes)

    def put(self, put: Put) -> None:
        self._fate.call("put", super().put, put)


class MortalTransport:
    """A transport whose sends may be the last thing that the process does."""

    def __init__(self, inner: Transport, fate: Fate) -> None:
        self.name = inner.name
        self._inner = inner
        self._fate = fate

    def send(self, email: OutgoingEmail) -> Answer:
        answer: Answer = self._fate.call("send", self._inner.send, email)
        return answer

    def account(self) -> Account:
        return self._inner.account()


def mailer_on(shop: Shop, transport: Transport) -> Mailer:
    """A mailer without limits of its own."""
    window = RateWindow(shop.store, transport.name, transport.account, RatePolicy(), clock=shop.clock)
    links = Links(b"k" * 32, "https://shop.example", shop.clock)
    return Mailer(transport, window, links, "shop@example.com", concurrency=4)


@dataclass
class Clock:
    """The real time, and by how much it is ahead of it."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


def _opened(orders: Orders, clock: Clock) -> tuple[Shop, Mailer]:
    fate = Fate(orders.step)
    store: Store = MortalStore(orders.store, fate)
    shop = shop_on(store, clock=clock)
    plan = at_random(SHARES, seed="later" if orders.finish else "now")
    transport = RecordingTransport(plan, journal=Path(orders.journal), seconds=orders.seconds)
    return shop, mailer_on(shop, MortalTransport(transport, fate))


def main(orders: Orders, says_so: Connection) -> None:
    """What the process does; it says when it has opened the store."""
    clock = Clock()
    shop, mailer = _opened(orders, clock)
    says_so.send("ready")
    if orders.request:
        request_message(shop, mailer, STAFF, SendRequest("verify-address", orders.key, orders.request))
        return
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if orders.finish:
        for hours in range(24, 24 + 12 * MOST_ATTEMPTS, 12):
            clock.ahead = timedelta(hours=hours)
            _work_until_idle(shop, mailer)
    elif orders.until_idle:
        _work_until_idle(shop, mailer)
    else:
        run_mail_worker(shop, mailer, stop)


def _work_until_idle(shop: Shop, mailer: Mailer) -> None:
    worked = deliver_due(shop, mailer)
    while worked.total or worked.more or worked.wait:
        time.sleep(worked.wait)
        worked = deliver_due(shop, mailer)
