"""A deploy under load: one server ends and the next begins, and neither a visitor nor an email notices.

Caddy stands before them, as it does on one box (infra/box/Caddyfile). Both servers are this version of the program.
"""

from __future__ import annotations

import http.client
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from backend.bootstrap import open_store, shop_on
from backend.config import load_settings
from backend.domain.messages import MessageStatus
from backend.email.transports.recording import RecordingTransport
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.requests import SendRequest, request_message
from tests.email.transports.ses_server import SesServer, ses_server
from tests.engines import free_port
from tests.infra.caddy import caddy
from tests.mailing.worker_script import mailer_on
from tests.server.processes import environment_of, whole_server
from tests.support import STAFF, add_customer

_EMAILS = 60
_RATE = 10
_PATIENCE = 90.0
_VISITS: tuple[tuple[str, str, int], ...] = (
    ("GET", "/api/health", 200),
    ("GET", "/", 200),
    ("POST", "/api/ses/events", 400),  # it is no message of SNS; what matters is that the server itself has answered
    ("GET", "/_stcore/host-config", 200),
)


@dataclass
class Visitors:
    """People and programs who ask all the time. `answers` counts what they got, by method, path and status."""

    port: int
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    repeated: int = 0
    longest: float = 0.0
    _threads: list[threading.Thread] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, at_once: int = 6) -> None:
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(at_once)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Waits for the last answers, so the server has to be there still."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask_on(self) -> None:
        for method, path, _ in cycle(_VISITS):
            if self._stop.wait(0.01):
                return
            began = time.monotonic()
            status = self._ask(method, path)
            if method == "POST" and status == 502:
                # It was waiting for the old server when that stopped listening. Caddy sends no POST twice; its sender
                # does, as SNS and shops do.
                status = self._ask(method, path)
                with self._lock:
                    self.repeated += 1
            with self._lock:
                self.answers[method, path, status] += 1
                self.longest = max(self.longest, time.monotonic() - began)

    def _ask(self, method: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, b"{}" if method == "POST" else None)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def settings_of(ses: SesServer, port: int, **more: str) -> dict[str, str]:
    return {
        "MAIL_TRANSPORT": "ses",
        "AWS_ENDPOINT_URL_SESV2": ses.address,
        "MAIL_RATE": str(_RATE),
        "MAIL_DAILY_QUOTA": "-1",
        "TRUSTED_PROXIES": "127.0.0.1",
        "PORT": str(port),
        **more,
    }


def request_emails(shop: Shop) -> list[str]:
    mailer = mailer_on(shop, RecordingTransport())
    wanted = [SendRequest("verify-address", f"k{number}", add_customer(shop).id) for number in range(_EMAILS)]
    return [request_message(shop, mailer, STAFF, each).message.id for each in wanted]


def statuses(shop: Shop, messages: list[str]) -> Counter[MessageStatus]:
    return Counter(ledger.get_message(shop, message).status for message in messages)


def recipients(ses: SesServer) -> list[str]:
    return [str(request.body["Destination"]["ToAddresses"]) for request in ses.submissions]


@contextmanager
def shop_in(folder: Path) -> Iterator[Shop]:
    store = open_store(environment_of(folder)["STORE_URL"])
    try:
        yield shop_on(store, load_settings(data_dir=folder, _env_file=None))
    finally:
        store.close()


def wait_until(done: Any) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_restart_costs_visitors_a_wait_and_no_email_is_lost_or_doubled(tmp_path: Path) -> None:
    port = free_port()
    with ses_server() as ses, caddy(tmp_path, port) as front, shop_in(tmp_path) as shop:
        visitors = Visitors(front)
        with whole_server(tmp_path, settings=settings_of(ses, port)) as old:
            messages = request_emails(shop)
            visitors.begin()
            wait_until(lambda: len(ses.submissions) >= _EMAILS // 4)
            old.process.send_signal(signal.SIGTERM)
            old.process.wait(30)
        before = len(ses.submissions)
        with whole_server(tmp_path, settings=settings_of(ses, port)):
            wait_until(lambda: statuses(shop, messages)[MessageStatus.SENT] == _EMAILS)
            visitors.end()
        assert before < _EMAILS  # the second one had something to do
        check(visitors, ses)


def test_a_server_of_two_says_that_it_ends_before_it_does_and_visitors_go_to_the_other(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    with (
        ses_server() as ses,
        whole_server(tmp_path, settings=settings_of(ses, first, DRAIN_SECONDS="3")) as old,
        whole_server(tmp_path, settings=settings_of(ses, second)),
        caddy(tmp_path, first, second) as front,
        shop_in(tmp_path) as shop,
    ):
        visitors = Visitors(front)
        messages = request_emails(shop)
        visitors.begin()
        wait_until(lambda: len(ses.submissions) >= _EMAILS // 4)
        old.process.send_signal(signal.SIGTERM)
        wait_until(lambda: ask_directly(first, "/api/ready") == 503)
        assert ask_directly(first, "/api/health") == 200  # it ends later than it says so
        old.process.wait(30)
        wait_until(lambda: statuses(shop, messages)[MessageStatus.SENT] == _EMAILS)
        visitors.end()
        check(visitors, ses)


def check(visitors: Visitors, ses: SesServer) -> None:
    """Nobody was refused, and everybody got one email."""
    assert visitors.answers.keys() == set(_VISITS), visitors.answers
    assert visitors.repeated <= 10  # of about 600
    assert Counter(recipients(ses)).most_common(1)[0][1] == 1
    assert len(ses.submissions) == _EMAILS


def ask_directly(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
