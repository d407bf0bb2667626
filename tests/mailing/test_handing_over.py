"""Emails are handed over by several threads: each once, with its own answer, and no more after a failure."""

from __future__ import annotations

import threading
import time

import pytest

from backend.domain.emails import Accepted, Account, Answer, Kind, OutgoingEmail
from backend.email.links import Links
from backend.email.rate import Granted, RatePolicy, RateWindow
from backend.email.transports.outbox import FREE
from backend.services.context import Shop
from backend.services.mailing.delivering import hand_over
from backend.services.mailing.mailer import Mailer
from tests.email.transports.samples import email
from tests.support import opened_shop


class Slow:
    """A transport that takes a moment, and breaks at one of the emails if it is told to."""

    name = "slow"

    def __init__(self, *, breaks_at: str = "") -> None:
        self.taken: list[str] = []
        self.threads: set[int] = set()
        self._breaks_at = breaks_at

    def send(self, email: OutgoingEmail) -> Answer:
        time.sleep(0.002)
        if email.message_id == self._breaks_at:
            raise ZeroDivisionError
        self.threads.add(threading.get_ident())
        self.taken.append(email.message_id)
        return Accepted(f"id of {email.message_id}")

    def account(self) -> Account:
        return FREE


def handed_over(transport: Slow, count: int) -> list[Answer]:
    with opened_shop() as shop:
        granted = Granted(count, Kind.TRANSACTIONAL, at=0, ahead=0, clock=lambda: 0)
        return hand_over(mailer_of(shop, transport), granted, [email(message_id=f"A-{n}") for n in range(count)])


def mailer_of(shop: Shop, transport: Slow) -> Mailer:
    window = RateWindow(shop.store, transport.name, transport.account, RatePolicy(), clock=shop.clock)
    return Mailer(transport, window, Links(b"k" * 32, "https://shop.example", shop.clock), "a@b.example", concurrency=4)


def test_each_email_is_handed_over_once_and_has_its_own_answer() -> None:
    transport = Slow()
    answers = handed_over(transport, 50)
    assert answers == [Accepted(f"id of A-{n}") for n in range(50)]
    assert sorted(transport.taken) == sorted(f"A-{n}" for n in range(50))
    assert len(transport.threads) == 4


def test_after_a_failure_that_nobody_expected_no_further_email_is_begun() -> None:
    transport = Slow(breaks_at="A-5")
    with pytest.raises(ZeroDivisionError):
        handed_over(transport, 200)
    assert len(transport.taken) < 20
