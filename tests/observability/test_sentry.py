"""What goes to Sentry helps to find an error, and says nothing about people."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from loguru import logger
from pydantic import SecretStr
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from backend import logs
from backend.config import Settings
from backend.observability import sentry

DSN = "https://public@sentry.example/1"


class Kept(Transport):
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.events += [
            json.loads(item.get_bytes()) for item in envelope.items if item.type in ("event", "transaction")
        ]

    @property
    def all(self) -> str:
        return json.dumps(self.events)


@pytest.fixture
def kept() -> Iterator[Kept]:
    transport = Kept()
    settings = Settings(sentry_dsn=SecretStr(DSN), sentry_traces=1.0, log_format="json")
    assert sentry.start(settings, "1.0", transport=transport)
    logs.configure(settings, stream=io.StringIO())
    yield transport
    sentry.stop()
    logger.remove()


def fail(name: str, address: str) -> None:
    """Raises an error whose words and local variables hold personal data."""
    secret = f"{name} {address} hunter2"
    raise KeyError(f"{secret}: https://shop.example/u/abc?token=T0KEN")


def incident(action: str = "page orders") -> None:
    with logs.action(action, "1a2b3c4d", measured=False):
        try:
            fail("Maria Lopez", "maria@example.com")
        except KeyError as error:
            logger.opt(exception=error).error("Incident {}", "ABCD1234")


def test_without_a_dsn_nothing_is_started_and_nothing_reported() -> None:
    assert not sentry.start(Settings(), "1.0")
    assert not sentry_sdk.get_client().is_active()
    sentry.report("Incident ABCD1234", ValueError("no"), "page orders", "1a2b3c4d")
    with sentry.traced("page orders"):
        pass


def test_an_incident_is_reported_with_its_number_its_action_and_where_it_happened(kept: Kept) -> None:
    incident()
    (event,) = kept.events
    assert event["tags"] == {"action": "page orders", "action_id": "1a2b3c4d", "incident": "Incident ABCD1234"}
    (error,) = event["exception"]["values"]
    assert error["type"] == "KeyError"
    assert error["stacktrace"]["frames"][-1]["function"] == "fail"
    assert event["release"] == "1.0"


@pytest.mark.parametrize("private", ["Maria", "Lopez", "maria@example.com", "hunter2", "T0KEN", "abc?"])
def test_nothing_about_people_leaves(kept: Kept, private: str) -> None:
    incident()
    assert private not in kept.all


def test_the_chain_of_an_error_is_as_silent(kept: Kept) -> None:
    try:
        try:
            fail("Maria Lopez", "maria@example.com")
        except KeyError as error:
            raise RuntimeError("about Maria Lopez") from error
    except RuntimeError as error:
        logger.opt(exception=error).error("Incident {}", "ABCD1234")
    assert [each["type"] for each in kept.events[0]["exception"]["values"]] == ["KeyError", "RuntimeError"]
    assert "Maria" not in kept.all


def test_paths_of_requests_which_may_hold_a_token_stay_here(kept: Kept) -> None:
    incident("GET /u/eyJhbGciOi")
    assert kept.events[0]["tags"]["action"] == "GET"
    assert "eyJ" not in kept.all


def test_errors_without_an_exception_are_reported_without_addresses(kept: Kept) -> None:
    logger.error("The email to maria@example.com could not be read")
    (event,) = kept.events
    assert "maria" not in kept.all
    assert "[address]" in json.dumps(event)


def test_warnings_are_not_reported(kept: Kept) -> None:
    logger.warning("The store is busy")
    assert kept.events == []


def test_times_are_reported_by_the_name_of_the_action_only(kept: Kept) -> None:
    with logs.action("page orders"):
        pass
    (trace,) = kept.events
    assert (trace["type"], trace["transaction"]) == ("transaction", "page orders")
    assert set(trace) <= {
        "contexts",
        "environment",
        "event_id",
        "platform",
        "release",
        "sdk",
        "spans",
        "start_timestamp",
        "tags",
        "timestamp",
        "transaction",
        "transaction_info",
        "type",
    }


def test_what_others_put_into_an_event_is_left_out() -> None:
    event = {
        "request": {"url": "https://shop.example/?token=T0KEN", "cookies": "session=1", "headers": {"Cookie": "x"}},
        "user": {"email": "maria@example.com", "ip_address": "10.0.0.7"},
        "server_name": "laptop-of-maria",
        "extra": {"customer": "Maria Lopez"},
        "breadcrumbs": {"values": [{"message": "maria@example.com"}]},
        "contexts": {"trace": {"trace_id": "1", "data": {"customer": "Maria"}}, "customer": {"name": "Maria"}},
        "spans": [{"description": "SELECT 'maria@example.com'"}],
        "exception": {
            "values": [{"type": "KeyError", "value": "Maria", "stacktrace": {"frames": [{"vars": {"a": 1}}]}}]
        },
        "message": "See https://shop.example/x?token=T0KEN",
    }
    text = json.dumps(sentry.scrubbed(event, {})).lower()
    assert not [part for part in ("maria", "t0ken", "cookie", "10.0.0.7", "vars", "select") if part in text]
    assert "keyerror" in text


def test_a_transport_that_fails_disturbs_nobody(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(envelope: Envelope) -> None:
        raise OSError("no network")

    monkeypatch.setattr(kept, "capture_envelope", broken)
    incident()
