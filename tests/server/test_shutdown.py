"""SIGTERM: answers that are awaited are recorded, everything else is given back at once, and the process ends."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from backend.bootstrap import open_store, shop_on
from backend.config import load_settings
from backend.domain.messages import MessageStatus
from backend.email.transports.recording import RecordingTransport
from backend.services.sending import ledger
from backend.services.sending.requests import SendRequest, request_message
from backend.workers import loop
from tests.email.transports.ses_server import Handler, accepting, ses_server
from tests.mailing.worker_script import mailer_on
from tests.server.processes import environment_of, whole_server
from tests.support import STAFF, add_customer

_SLOW = 5.0
"""Longer than the time that the server gives open connections."""


def test_an_email_that_was_handed_over_before_sigterm_is_recorded_and_the_next_ones_wait(
    tmp_path: Path,
) -> None:
    taken = threading.Event()

    def slow(handler: Handler) -> None:
        if handler.command == "POST":
            taken.set()
            time.sleep(_SLOW)
        accepting(handler)

    with ses_server() as ses:
        ses.behave = slow
        settings = {
            "MAIL_TRANSPORT": "ses",
            "AWS_ENDPOINT_URL_SESV2": ses.address,
            "MAIL_RATE": "1",
            "MAIL_DAILY_QUOTA": "-1",
        }
        with whole_server(tmp_path, settings=settings) as server:
            store = open_store(environment_of(tmp_path)["STORE_URL"])
            shop = shop_on(store, load_settings(data_dir=tmp_path, _env_file=None))
            mailer = mailer_on(shop, RecordingTransport())
            wanted = [SendRequest("verify-address", f"k{number}", add_customer(shop).id) for number in range(4)]
            messages = [request_message(shop, mailer, STAFF, each).message for each in wanted]
            assert taken.wait(20)
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(20) in (0, -signal.SIGTERM)  # uvicorn repeats the signal when it has ended
            statuses = sorted(ledger.get_message(shop, message.id).status for message in messages)
            leases = [ledger.get_message(shop, message.id).lease_until for message in messages]
            store.close()
    assert statuses.count(MessageStatus.SENT) == len(ses.submissions) >= 1
    assert statuses.count(MessageStatus.WAITING) == 4 - len(ses.submissions) >= 1
    assert leases == [None] * 4


def test_a_duty_that_does_not_end_holds_the_process_up_for_seconds_and_the_mail_for_the_whole_time() -> None:
    hang = threading.Event()
    stop = loop.Stop()
    stop.set()
    mail = threading.Thread(target=hang.wait, args=(0.3,), name=loop.MAIL, daemon=True)
    other = threading.Thread(target=hang.wait, name="imports", daemon=True)
    for thread in (mail, other):
        thread.start()
    began = time.monotonic()
    assert loop.end([mail, other], stop, 2.0) == ["imports"]
    assert 0.9 < time.monotonic() - began < 5
    hang.set()


def test_the_time_for_ending_begins_with_the_signal() -> None:
    stop = loop.Stop()
    assert stop.left(25.0) == pytest.approx(24.0, abs=0.1)
    stop.set()
    time.sleep(0.2)
    stop.set()
    assert stop.left(25.0) == pytest.approx(23.8, abs=0.1)
