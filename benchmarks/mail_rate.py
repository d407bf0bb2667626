"""How much of its rate a worker uses with a provider that takes its time, and what that costs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.ses import SesTransport
from backend.email.transports.ses_client import open_client
from backend.services.sending.mailer import Mailer
from backend.workers.mail import run_mail_worker
from benchmarks.mail_server import Manner, Seen, ses_server
from benchmarks.mail_shop import MailShop, endpoint, mail_shop
from benchmarks.results import AS_FAST, Measurement

TARGET = 0.97
TARGET_WHEN_SOME_HANG = 0.95
_GROUP = "rate"
_THREADS = 64
_MANNERS = {
    "20 ms": Manner(0.02),
    "100 ms": Manner(0.1),
    "200 ms": Manner(0.2),
    "lognormal, median 80 ms": Manner(0.08, spread=0.6),
    "100 ms, 1 of 100 hangs for 30 s": Manner(0.1, hangs=0.01),
}


@dataclass(frozen=True, slots=True)
class _Run:
    """What one worker did in so many whole seconds. `processor` is seconds of processor time for each email."""

    seen: Seen
    share: float
    processor: float


def measure(folder: Path, rates: Sequence[int], seconds: int) -> Iterator[Measurement]:
    """Yields for each rate and manner the share of the rate that one worker used, and its refusals for speed."""
    for rate in rates:
        for name, manner in _MANNERS.items():
            run = run_at(folder, replace(manner, rate=rate), seconds)
            emails, what = len(run.seen.moments), f"one worker at {rate} a second, answers in {name}"
            target = TARGET_WHEN_SOME_HANG if manner.hangs else TARGET
            yield Measurement(_GROUP, f"{what}: share of the rate", run.share, AS_FAST, emails, target=target)
            yield Measurement(_GROUP, f"{what}: refused as too fast", run.seen.refused, "emails", emails)
            yield Measurement(_GROUP, f"{what}: processor time of an email", 1000 * run.processor, "ms", emails)


def run_at(folder: Path, manner: Manner, seconds: int) -> _Run:
    """One worker sends for so many whole seconds after its first."""
    with mail_shop(folder) as mail, ses_server(manner) as server, endpoint(server.address):
        client = open_client()
        mailer = _mailer(mail, SesTransport(client, {}), manner.rate)
        for number in range(int(manner.rate * (seconds + 3))):
            mail.request(mailer, number, "rate")
        stop, used = threading.Event(), time.process_time()
        worker = threading.Thread(target=run_mail_worker, args=(mail.shop, mailer, stop), daemon=True)
        worker.start()
        time.sleep(seconds + 2)
        used, seen = time.process_time() - used, server.seen()
        stop.set()
        worker.join(0.0 if manner.hangs else 10.0)
        client.close()
    begin = seen.moments[0] + 1
    share = sum(begin <= moment < begin + seconds for moment in seen.moments) / seconds / manner.rate
    return _Run(seen, share, used / len(seen.moments))


def _mailer(mail: MailShop, transport: SesTransport, rate: int) -> Mailer:
    mailer = mail.mailer(transport, concurrency=_THREADS)
    policy = RatePolicy(rate=rate, daily_quota=-1)
    return replace(mailer, window=RateWindow(mail.shop.store, "ses", transport.account, policy, clock=mail.shop.clock))
