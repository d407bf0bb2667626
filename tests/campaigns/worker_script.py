"""A worker for campaigns in a process of its own, which tests kill. It sends, and tends if it is told to.

Its clock may run faster than the real one, so that a lease or a delay of minutes is over in seconds; all processes of
a test have the same clock. A step may be named at which it dies, as in `tests.mailing.worker_script`.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from backend.bootstrap import open_store
from backend.domain.emails import OutgoingEmail
from backend.domain.time import from_text, utc_now
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.protocol import Transport
from backend.email.transports.recording import (
    GENEROUS,
    Behaviour,
    LoseReply,
    NeverArrive,
    RecordingTransport,
    Refuse,
    at_random,
    write_line,
)
from backend.services.campaigns.oversight import tend_campaigns
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.store.port import Store
from backend.workers.mail import run_mail_worker
from tests.mailing.worker_script import Fate, MortalStore, MortalTransport
from tests.support import shop_on

TROUBLE: Mapping[Behaviour, float] = {
    Refuse("Busy.", retryable=True): 0.1,
    Refuse("Not possible."): 0.05,
    LoseReply(): 0.05,
    NeverArrive(): 0.05,
}
"""The rest is accepted."""
NO_LIMIT = replace(GENEROUS, per_second=float("inf"))


@dataclass(frozen=True, slots=True)
class Orders:
    """What one process is to do until it is stopped.

    `began` is when the test's clock was that of the world, and `speed` how much faster it runs since; `ahead` is a jump
    of this process's clock, in seconds. `trouble` lets the provider refuse some and lose some replies. `rate` 0 is no
    limit; `seconds` is how long the provider takes for an email.
    """

    store: str
    data_dir: str
    journal: str
    began: str
    speed: float = 1.0
    ahead: float = 0.0
    trouble: bool = True
    tend: bool = True
    rate: int = 0
    seconds: float = 0.0
    step: str = ""
    concurrency: int = 1

    @property
    def clock(self) -> Callable[[], datetime]:
        began = from_text(self.began)
        return lambda: began + (utc_now() - began) * self.speed + timedelta(seconds=self.ahead)


class JournalTransport(RecordingTransport):
    """Writes down what was taken, and when. It keeps no email, so that its memory is that of the worker alone."""

    def _record(self, email: OutgoingEmail) -> None:
        assert self._journal is not None
        write_line(self._journal, email.message_id)
        write_line(times_of(self._journal), f"{self._now():.6f}")


def times_of(journal: Path) -> Path:
    """The file with the moments of submissions, in seconds since 1970."""
    return journal.with_suffix(".times")


def opened(orders: Orders) -> tuple[Shop, Mailer, Fate]:
    """The shop, and a mailer whose provider keeps a journal."""
    fate = Fate(orders.step)
    store: Store = MortalStore(orders.store, fate) if orders.step else open_store(orders.store)
    shop = shop_on(store, clock=orders.clock, data_dir=Path(orders.data_dir))
    plan = at_random(TROUBLE) if orders.trouble else None
    transport = JournalTransport(plan, account=NO_LIMIT, journal=Path(orders.journal), seconds=orders.seconds)
    return shop, mailer_on(shop, MortalTransport(transport, fate), orders), fate


def mailer_on(shop: Shop, transport: Transport, orders: Orders) -> Mailer:
    policy = RatePolicy(rate=orders.rate, daily_quota=-1)
    window = RateWindow(shop.store, transport.name, transport.account, policy, clock=utc_now)
    links = Links(b"k" * 32, "https://shop.example", shop.clock)
    return Mailer(transport, window, links, "shop@example.com", concurrency=orders.concurrency)


def work(orders: Orders) -> None:
    """What the process does."""
    shop, mailer, _ = opened(orders)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if orders.tend:
        threading.Thread(target=_tend, args=(shop, stop), daemon=True).start()
    run_mail_worker(shop, mailer, stop)


def _tend(shop: Shop, stop: threading.Event) -> None:
    while not stop.wait(0.2):
        tend_campaigns(shop)
