"""An installation whose figures the tests set, and a webhook on this machine that writes down what it gets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from backend.config import Settings
from backend.domain.emails import Account
from backend.domain.team import Role
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.recording import RecordingTransport
from backend.services.alerts import notifications, readings, states
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer
from backend.services.system.installation import System
from backend.services.team import roster
from backend.services.team.members import new_member
from tests.support import TestClock


@dataclass
class Hook:
    """A webhook. It answers with `status`, and `texts` are what it was told."""

    url: str = ""
    status: int = 200
    location: str = ""
    texts: list[str] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    mine = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            mine.texts.append(json.loads(body)["text"])
            self.send_response(mine.status)
            if mine.location:
                self.send_header("Location", mine.location)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    mine.url = f"http://127.0.0.1:{server.server_port}/services/T0/B0/secret"
    yield mine
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Installation:
    """What the rules look at."""

    system: System
    clock: TestClock
    account: list[Account | None]

    @property
    def shop(self) -> Shop:
        return self.system.shop

    def look(self) -> list[str]:
        """One round of the duty; returns the headlines of what people are to be told, or have been, and is open."""
        readings.look(self.system)
        notifications.notify_all(self.system)
        return self.headlines()

    def headlines(self) -> list[str]:
        return [f"{alert.title} {alert.subject}" for alert in states.current_alerts(self.shop) if alert.is_open]


ACCOUNT = Account(14.0, 1000, 100, sandbox=False, sending_enabled=True)


def installation_on(shop: Shop, clock: TestClock, settings: Settings) -> Installation:
    accounts: list[Account | None] = [ACCOUNT]

    def account() -> Account:
        if accounts[0] is None:
            raise AccountUnknownError("SES does not say what the account may send.")
        return accounts[0]

    transport = SimpleNamespace(name="ses", send=RecordingTransport().send, account=account)
    window = RateWindow(shop.store, "ses", account, RatePolicy(), clock=clock)
    mailer = Mailer(transport, window, Links(b"k" * 32, "https://shop.example", clock), "shop@example.com")
    return Installation(System(shop, mailer, settings), clock, accounts)


@pytest.fixture
def installation(shop: Shop, clock: TestClock, hook: Hook) -> Installation:
    """With an engineer, an admin and a manager in the team, and the webhook set."""
    for role in (Role.ENGINEER, Role.ADMIN, Role.MANAGER):
        name = f"the-{role.value}"
        roster.add(shop, new_member(shop, username=name, name=name, email=f"{name}@example.com", role=role))
    return installation_on(shop, clock, Settings(alert_webhook_url=SecretStr(hook.url), alert_webhook_loopback=True))
