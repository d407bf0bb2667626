"""An installation that is well in all that the doctor looks at; each test spoils one thing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend.config import Settings
from backend.domain.emails import Account
from backend.domain.sender_domain import Identity
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.recording import RecordingTransport
from backend.services.context import Shop
from backend.services.deliverability.domain import Probe
from backend.services.doctor.installation import Installation
from backend.services.sending.mailer import Mailer
from tests.services.test_domain_check import FakeWeb, Zone
from tests.support import TestClock, opened_shop

KEY = "Xk3-9vQm_TzL7wRb2NcY8dHs5pJf0gAe1uKo4iVx"
ACCOUNT = Account(14.0, 50_000, 100, sandbox=False, sending_enabled=True)
LIVE: dict[str, Any] = {
    "mail_transport": "ses",
    "public_url": "https://shop.example",
    "trusted_proxies": "127.0.0.1",
    "cookie_key": KEY,
    "mail_sender": "orders@shop.example",
    "ses_configuration_set_transactional": "transactional",
    "ses_configuration_set_marketing": "marketing",
    "ses_events_queue_url": "https://sqs.eu-central-1.amazonaws.com/123456789012/events",
    "alert_webhook_url": "https://hooks.example/alerts",
}

Make = Callable[..., Installation]


def identity_of(_: str) -> Identity | None:
    return None


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    tmp_path.chmod(0o700)
    file = tmp_path / "tillpost.db"
    with opened_shop(f"sqlite:///{file}", clock=TestClock(), data_dir=tmp_path) as shop:
        for path in tmp_path.glob("tillpost.db*"):
            path.chmod(0o600)
        notes = tmp_path / ".tillpost.db-litestream" / "ltx"
        notes.mkdir(parents=True)
        (notes / "0000000000000001.ltx").write_text("")
        yield shop


@pytest.fixture
def make(shop: Shop, tmp_path: Path) -> Make:
    """An installation with these settings instead of a live one's; `account` None is one that SES does not tell."""

    def make(
        account: Account | None = ACCOUNT, web: FakeWeb | None = None, zone: Zone | None = None, **settings: Any
    ) -> Installation:
        def tell() -> Account:
            if account is None:
                raise AccountUnknownError("SES does not say what the account may send.")
            return account

        given = {**LIVE, "store_url": f"sqlite:///{tmp_path}/tillpost.db", "data_dir": tmp_path, **settings}
        made = Settings(_env_file=None, **given)
        transport = SimpleNamespace(name=made.mail_transport, send=RecordingTransport().send, account=tell)
        window = RateWindow(shop.store, transport.name, tell, RatePolicy(), clock=shop.clock)
        links = Links(b"k" * 32, made.public_url, shop.clock)
        mailer = Mailer(transport, window, links, made.mail_sender)
        probe = Probe(lambda: zone or Zone(), web or FakeWeb(), links, made.mail_sender, identity_of)
        return Installation(made, shop, mailer, probe, timedelta, {}, tmp_path / ".env")

    return make


def with_clock(installation: Installation, offset: timedelta | Exception) -> Installation:
    def tell() -> timedelta:
        if isinstance(offset, Exception):
            raise offset
        return offset

    return replace(installation, clock_offset=tell)


def sleeping(_: Installation) -> list[Any]:
    time.sleep(0.5)
    return []
