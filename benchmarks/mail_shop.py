"""A shop whose emails wait in the ledger, and what gets them out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from backend.bootstrap import open_store
from backend.domain.customers import Customer
from backend.domain.messages import Message, MessageStatus
from backend.domain.team import COMMAND_LINE
from backend.domain.time import utc_now
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.protocol import Transport
from backend.services.context import Shop
from backend.services.customers.customers import Profile, create_customer
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import LARGEST, Mailer, Pace
from backend.services.sending.requests import SendRequest, request_message

TEMPLATE = "verify-address"
_PEOPLE = 200
_ENDPOINT = "AWS_ENDPOINT_URL_SESV2"


@dataclass(frozen=True, slots=True)
class MailShop:
    """A shop in a file of its own, and people to write to."""

    shop: Shop
    people: list[Customer]

    def mailer(self, transport: Transport, *, concurrency: int = 1) -> Mailer:
        """A mailer whose rate nothing limits, so that only the work counts, at the pace of its later seconds."""
        shop = self.shop
        window = RateWindow(shop.store, transport.name, transport.account, RatePolicy(), clock=shop.clock)
        links = Links(b"k" * 32, "https://shop.example", shop.clock)
        return Mailer(transport, window, links, "shop@example.com", concurrency=concurrency, pace=Pace(LARGEST))

    def request(self, mailer: Mailer, number: int, key: str) -> Message:
        """One email in the ledger, as a click puts it there."""
        wanted = SendRequest(TEMPLATE, f"{key}-{number}", self.people[number % len(self.people)].id)
        return request_message(self.shop, mailer, COMMAND_LINE, wanted).message

    def drain(self, mailer: Mailer) -> int:
        """Works as the worker does until nothing is due; returns how many were sent."""
        sent = 0
        while (worked := deliver_due(self.shop, mailer)).total:
            sent += worked.settled.get(MessageStatus.SENT, 0)
        return sent


@contextmanager
def mail_shop(folder: Path) -> Iterator[MailShop]:
    """A shop in a file of the folder, removed afterwards."""
    with TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as directory:
        path = Path(directory)
        shop = Shop(open_store(f"sqlite:///{path}/shop.db"), utc_now, ZoneInfo("UTC"), "USD", data_dir=path)
        try:
            shop.store.create_tables()
            profiles = [Profile(f"Customer {number}", f"customer.{number}@example.com") for number in range(_PEOPLE)]
            yield MailShop(shop, [create_customer(shop, COMMAND_LINE, profile) for profile in profiles])
        finally:
            shop.store.close()


@contextmanager
def endpoint(address: str) -> Iterator[None]:
    """A stand-in for SES, where `MAIL_TRANSPORT=ses` finds it."""
    before = os.environ.get(_ENDPOINT)
    os.environ[_ENDPOINT] = address
    try:
        yield
    finally:
        os.environ.pop(_ENDPOINT)
        if before is not None:
            os.environ[_ENDPOINT] = before
