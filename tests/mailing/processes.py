"""Starts mail workers in processes of their own, and looks at what they left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path

from backend.domain.customers import Customer
from backend.domain.messages import Message, MessageStatus
from backend.domain.time import utc_now
from backend.email.transports.recording import read_journal
from backend.records.messages import message_from
from backend.services.context import Shop
from backend.services.sending.requests import SendRequest, request_message
from backend.services.statistics.counters import stats_by_hour, summed
from backend.store import schema
from tests.forked import PROCESSES
from tests.mailing.worker_script import Orders, mailer_on, main
from tests.recount import everything
from tests.support import STAFF, add_customer, opened_shop


@dataclass
class Scene:
    """A shop in a file, its customers, and the journal of a provider."""

    shop: Shop
    url: str
    journal: Path
    customers: list[Customer]

    def orders(self, **changes: object) -> Orders:
        return Orders(self.url, str(self.journal), **changes)

    def request(self, key: str, customers: int = 10**6) -> None:
        """One message to each customer, or to the first so many."""
        mailer = mailer_on(self.shop, NoTransport())
        for customer in self.customers[:customers]:
            request_message(self.shop, mailer, STAFF, SendRequest("verify-address", key, customer.id))

    def messages(self) -> list[Message]:
        rows = everything(self.shop, schema.MAIL)
        return [message_from(row.key, row.item) for row in rows if row.key.sk.startswith("E#")]

    def submissions(self) -> Counter[str]:
        return read_journal(self.journal)

    def counted(self) -> dict[str, int]:
        """The send statistics by status."""
        today = utc_now().date()
        days = stats_by_hour(self.shop, today - timedelta(days=2), today + timedelta(days=2))
        sums = summed(stats.counts for stats in days)
        return {status.value: sums[status.value] for status in MessageStatus if sums.get(status.value)}

    def finish(self) -> None:
        """A last worker does what is left, a day later and on: leases have run out by then, and retries are due."""
        assert run(self.orders(finish=True, seconds=0.0)) == 0


class NoTransport:
    """For those who only ask for messages."""

    name = "recording"

    def send(self, email: object) -> object:
        raise AssertionError("Who asks does not send.")

    def account(self) -> object:
        raise AssertionError("Who asks does not reserve.")


@contextmanager
def scene(folder: Path, customers: int) -> Iterator[Scene]:
    url = f"sqlite:///{folder}/tillpost.db"
    with opened_shop(url, clock=utc_now, data_dir=folder) as shop:
        people = [add_customer(shop) for _ in range(customers)]
        yield Scene(shop, url, folder / "journal", people)


def start(orders: Orders) -> BaseProcess:
    """A process that has opened the store."""
    ready, says_so = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=main, args=(orders, says_so))
    process.start()
    assert ready.recv() == "ready"
    return process


def end(process: BaseProcess) -> int:
    """Waits until the process has ended; its exit code, negative for a signal."""
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


def run(orders: Orders) -> int:
    return end(start(orders))
