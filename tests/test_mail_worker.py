"""The mail worker: works until told to stop, survives trouble, and gives back what it did not use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.domain.emails import Account
from backend.domain.messages import MessageStatus
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.recording import RecordingTransport
from backend.errors import StoreUnreachableError
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, request_message
from backend.workers import loop, mail
from tests.support import STAFF, add_customer, opened_shop


def mailer_on(shop: Shop, account: Callable[[], Account] | None = None) -> Mailer:
    transport = RecordingTransport()
    window = RateWindow(shop.store, "test", account or transport.account, RatePolicy(), clock=shop.clock)
    return Mailer(transport, window, Links(b"k" * 32, "https://shop.example", shop.clock), "shop@example.com")


def worked_until(shop: Shop, mailer: Mailer, done: Callable[[], bool]) -> bool:
    """Runs the worker in a thread until it is done, or 20 seconds; whether it then ended when told to."""
    stop = threading.Event()
    thread = threading.Thread(target=mail.run_mail_worker, args=(shop, mailer, stop))
    thread.start()
    waited = threading.Event()
    for _ in range(400):
        if done():
            break
        waited.wait(0.05)
    stop.set()
    thread.join(10)
    return done() and not thread.is_alive()


def test_a_waiting_message_goes_out_and_the_worker_ends_when_asked(tmp_path: Path) -> None:
    with opened_shop(f"sqlite:///{tmp_path}/shop.db") as shop:
        mailer = mailer_on(shop)
        message = request_message(
            shop, mailer, STAFF, SendRequest("verify-address", "click-1", add_customer(shop).id)
        ).message

        def is_sent() -> bool:
            return ledger.get_message(shop, message.id).status is MessageStatus.SENT

        assert worked_until(shop, mailer, is_sent)


def test_trouble_costs_a_pause_and_not_the_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    troubles: list[Exception] = [
        AccountUnknownError("The provider does not answer."),
        StoreUnreachableError("The store cannot be reached."),
        ValueError("A surprise."),
    ]
    rounds: list[Exception] = []

    def broken(*_: object) -> None:
        rounds.append(troubles[len(rounds) % len(troubles)])
        raise rounds[-1]

    monkeypatch.setattr(mail, "deliver_due", broken)
    monkeypatch.setattr(loop, "AFTER_TROUBLE", 0.01)
    with opened_shop(f"sqlite:///{tmp_path}/shop.db") as shop:
        assert worked_until(shop, mailer_on(shop), lambda: len(rounds) >= 6)
