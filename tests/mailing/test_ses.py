"""The whole way through boto3 to a server that takes an email and does not say so: one submission, and no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.domain.messages import Message, MessageStatus
from backend.email.links import Links
from backend.email.rate import RatePolicy, RateWindow
from backend.email.transports.ses import SesClient, SesTransport
from backend.email.transports.ses_client import open_client
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.delivery import deliver_due
from backend.services.sending.mailer import Mailer
from backend.services.sending.requests import SendRequest, request_message
from tests.email.transports.conftest import SETS, set_environment
from tests.email.transports.ses_server import (
    Behaviour,
    Handler,
    SesServer,
    accepting,
    breaking_off,
    failing,
    hanging_up,
    resetting,
    ses_server,
    silent,
)
from tests.support import STAFF, TestClock, add_customer, opened_shop


@pytest.fixture
def server() -> Iterator[SesServer]:
    with ses_server() as running:
        yield running


@pytest.fixture
def client(server: SesServer) -> Iterator[SesClient]:
    with pytest.MonkeyPatch.context() as patch:
        set_environment(patch, server)
        client = open_client(connect_seconds=3, read_seconds=1.5)
    yield client
    client.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def shop(tmp_path: Path, clock: TestClock) -> Iterator[Shop]:
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db", clock=clock, data_dir=tmp_path) as shop:
        yield shop


@pytest.fixture
def mailer(shop: Shop, client: SesClient) -> Mailer:
    transport = SesTransport(client, SETS, clock=shop.clock)
    window = RateWindow(shop.store, "ses", transport.account, RatePolicy(), clock=shop.clock)
    return Mailer(transport, window, Links(b"k" * 32, "https://shop.example", shop.clock), "shop@example.com")


def requested(shop: Shop, mailer: Mailer, count: int = 1) -> list[Message]:
    people = [add_customer(shop) for _ in range(count)]
    wanted = [SendRequest("verify-address", "news", person.id) for person in people]
    return [request_message(shop, mailer, STAFF, each).message for each in wanted]


def work_for_days(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    for _ in range(12):
        deliver_due(shop, mailer)
        clock.forward(hours=5)


def submit_all(shop: Shop, mailer: Mailer, clock: TestClock) -> None:
    """Long enough for the rate to let a few through, and too short for anything to be tried again."""
    for _ in range(5):
        deliver_due(shop, mailer)
        clock.forward(seconds=1)


def submissions(server: SesServer) -> Counter[str]:
    """How often each message was submitted, by the tag that carries its id."""
    tags = [{tag["Name"]: tag["Value"] for tag in request.body["EmailTags"]} for request in server.submissions]
    return Counter(tag["message"] for tag in tags)


@pytest.mark.parametrize("behaviour", [silent, resetting, hanging_up, breaking_off, failing(500, "InternalFailure")])
def test_what_is_taken_without_an_answer_is_submitted_once_and_unknown(
    shop: Shop, mailer: Mailer, clock: TestClock, server: SesServer, behaviour: Behaviour
) -> None:
    messages = requested(shop, mailer, 3)
    server.behave = lambda handler: (accepting if handler.command == "GET" else behaviour)(handler)
    submit_all(shop, mailer, clock)
    server.behave = accepting
    work_for_days(shop, mailer, clock)
    assert submissions(server) == {message.id: 1 for message in messages}
    assert {ledger.get_message(shop, message.id).status for message in messages} == {MessageStatus.UNKNOWN}


def test_every_second_reply_is_lost_and_nobody_gets_an_email_twice(
    shop: Shop, mailer: Mailer, clock: TestClock, server: SesServer
) -> None:
    def now_and_then(handler: Handler) -> None:
        post = handler.command == "POST"
        (hanging_up if post and len(server.submissions) % 2 else accepting)(handler)

    server.behave = now_and_then
    messages = requested(shop, mailer, 10)
    work_for_days(shop, mailer, clock)
    assert submissions(server) == {message.id: 1 for message in messages}
    statuses = Counter(ledger.get_message(shop, message.id).status for message in messages)
    assert set(statuses) == {MessageStatus.SENT, MessageStatus.UNKNOWN}


def test_what_ses_throttles_is_submitted_again_until_it_is_taken(
    shop: Shop, mailer: Mailer, clock: TestClock, server: SesServer
) -> None:
    (message,) = requested(shop, mailer)
    busy = failing(429, "TooManyRequestsException", "Maximum sending rate exceeded.")
    server.behave = lambda handler: (accepting if handler.command == "GET" else busy)(handler)
    deliver_due(shop, mailer)
    server.behave = accepting
    work_for_days(shop, mailer, clock)
    assert submissions(server) == {message.id: 2}
    assert ledger.get_message(shop, message.id).status is MessageStatus.SENT
