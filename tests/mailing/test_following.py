"""One email can be followed in the log: from the click, by its message id, to the provider's id."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from backend import logs
from backend.config import Settings
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.recording import RecordingTransport
from backend.services.sending import ledger
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, request_message
from tests.support import STAFF, add_customer, opened_shop


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure(Settings(log_format="json"), stream=stream)
    yield stream
    logger.remove()


def lines(log: io.StringIO, word: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in found if word in line["message"]]


def test_a_click_leads_to_the_message_and_the_message_to_the_providers_id(log: io.StringIO) -> None:
    with opened_shop() as shop:
        transport = RecordingTransport()
        window = RateWindow(shop.store, "test", transport.account, RatePolicy(), clock=shop.clock)
        mailer = Mailer(transport, window, Links(b"k" * 32, "https://shop.example", shop.clock), "shop@example.com")
        customer = add_customer(shop)
        with logs.action("page send", "1a2b3c4d"):
            wanted = SendRequest("verify-address", "click-1", customer.id)
            message = request_message(shop, mailer, STAFF, wanted).message
        deliver_due(shop, mailer)
        sent = ledger.get_message(shop, message.id)
    requested, handed_over = lines(log, message.id)
    assert (requested["action"], requested["action_id"]) == ("page send", "1a2b3c4d")
    assert sent.provider_id
    assert sent.provider_id in handed_over["message"]
    assert "@" not in log.getvalue()
