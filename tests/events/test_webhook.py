"""The webhook believes SNS alone, keeps what is genuine once, and says so when it could not."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest

from backend.api.app import create_app
from backend.api.ses_events import LARGEST_BODY, Webhook, handle
from backend.domain.delivery import Outcome
from backend.domain.messages import Message
from backend.domain.team import COMMAND_LINE
from backend.email.events.certificates import MOST_FIRST_FETCHES, SnsCertificates
from backend.errors import StoreUnreachableError
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import list_dead_letters
from tests.events.samples import TOPIC, event
from tests.events.sns import CERTIFICATE_URL, SUBSCRIBE_URL, FakeSns, a_certificate, a_key
from tests.events.test_applying import now, sent
from tests.services.test_ledger import all_counts
from tests.support import NOW, TestClock, in_own_loop, shop_on


@pytest.fixture
def sns() -> FakeSns:
    return FakeSns()


@pytest.fixture
def webhook(shop: Shop, sns: FakeSns) -> Webhook:
    return Webhook(frozenset({TOPIC}), EventPolicy(), SnsCertificates(sns, shop.clock), sns)


@pytest.fixture
def message(shop: Shop) -> Message:
    return sent(shop)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_genuine_notification_is_kept_once(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message, version: str
) -> None:
    body = sns.notification(event("Delivery", message), version=version)
    assert [handle(shop, webhook, body).status for _ in range(3)] == [200, 200, 200]
    assert set(now(shop, message).outcomes) == {Outcome.DELIVERED}
    assert all_counts(shop)["delivered"] == 1
    assert sns.asked == [CERTIFICATE_URL]


def test_a_subject_is_part_of_what_is_signed(shop: Shop, webhook: Webhook, sns: FakeSns, message: Message) -> None:
    body = sns.notification(event("Delivery", message), Subject="Amazon SES Email Event Notification")
    assert handle(shop, webhook, body).status == 200
    forged = json.dumps(json.loads(body) | {"Subject": "Something else"}).encode()
    assert handle(shop, webhook, forged).status == 403


CHANGES = [
    {"Message": '{"eventType": "Complaint"}'},
    {"MessageId": "other"},
    {"Timestamp": "2026-11-26T11:59:31.123Z"},
    {"Type": "UnsubscribeConfirmation", "Token": "a", "SubscribeURL": SUBSCRIBE_URL},
    {"Signature": "AAAA"},
    {"SignatureVersion": "2"},
    {"SignatureVersion": "3"},
    {"TopicArn": TOPIC.replace("events", "others")},
    {"TopicArn": TOPIC.replace("123456789012", "999999999999")},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: " ".join(change))
def test_whatever_was_changed_after_signing_is_refused(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message, change: dict[str, str]
) -> None:
    body = json.dumps(json.loads(sns.notification(event("Delivery", message))) | change).encode()
    assert handle(shop, webhook, body).status == 403
    assert now(shop, message).outcomes == {}
    assert list_dead_letters(shop, COMMAND_LINE).letters == []


@pytest.mark.parametrize(
    "url",
    [
        CERTIFICATE_URL.replace("https:", "http:"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.example.com"),
        CERTIFICATE_URL.replace("sns.eu-central-1.amazonaws.com", "evil.s3.amazonaws.com"),
        CERTIFICATE_URL.replace("eu-central-1", "us-east-1"),
        CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com:8443"),
        CERTIFICATE_URL.replace("https://", "https://sns.eu-central-1.amazonaws.com@evil.example/"),
        CERTIFICATE_URL.replace("https://", "https://user@"),
        CERTIFICATE_URL + "?x=1",
        "https://sns.eu-central-1.amazonaws.com/other.pem",
        "https://sns.eu-central-1.amazonaws.com:x/",
        "file:///etc/passwd",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message, url: str
) -> None:
    sns.pages[url] = sns.pages[CERTIFICATE_URL]
    body = sns.notification(event("Delivery", message), SigningCertURL=url)
    assert handle(shop, webhook, body).status == 403
    assert sns.asked == []


def test_a_message_signed_by_another_key_is_refused(shop: Shop, webhook: Webhook, message: Message) -> None:
    other = FakeSns(a_key(number=1))
    assert handle(shop, webhook, other.notification(event("Delivery", message))).status == 403


@pytest.mark.parametrize(("minutes", "status"), [(59, 200), (62, 403), (-10, 403)])
def test_old_messages_and_those_of_the_future_are_refused(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message, clock: TestClock, minutes: int, status: int
) -> None:
    body = sns.notification(event("Delivery", message))
    clock.forward(minutes=minutes)
    assert handle(shop, webhook, body).status == status


def test_without_topics_nobody_may_call(shop: Shop, webhook: Webhook, sns: FakeSns, message: Message) -> None:
    closed = replace(webhook, topics=frozenset())
    assert handle(shop, closed, sns.notification(event("Delivery", message))).status == 403


@pytest.mark.parametrize(
    "certificate",
    [
        a_certificate(a_key(), "sns.example.com"),
        a_certificate(a_key(), ends=NOW - timedelta(days=1)),
        a_certificate(a_key(), begins=NOW + timedelta(days=1)),
        a_certificate(a_key(1024)),
        a_certificate(a_key()) + a_certificate(a_key(number=1), "Test issuer"),
        b"nothing",
    ],
    ids=["another name", "over", "not begun", "weak key", "another issuer", "no certificate"],
)
def test_a_certificate_that_is_not_sns_s_is_refused(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message, certificate: bytes
) -> None:
    sns.pages[CERTIFICATE_URL] = certificate
    assert handle(shop, webhook, sns.notification(event("Delivery", message))).status == 403
    assert now(shop, message).outcomes == {}


def test_issuers_in_the_file_are_followed(shop: Shop, webhook: Webhook, sns: FakeSns, message: Message) -> None:
    issuer = a_key(number=1)
    sns.pages[CERTIFICATE_URL] = a_certificate(sns.key, issuer=issuer) + a_certificate(issuer, "Test issuer")
    assert handle(shop, webhook, sns.notification(event("Delivery", message))).status == 200


def test_without_the_certificate_sns_is_asked_to_come_again(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message, clock: TestClock
) -> None:
    body = sns.notification(event("Delivery", message))
    sns.down = True
    assert [handle(shop, webhook, body).status for _ in range(5)] == [503] * 5
    assert len(sns.asked) == 1
    sns.down = False
    clock.forward(seconds=30)
    assert handle(shop, webhook, body).status == 200


def test_a_certificate_that_is_asked_for_by_many_is_fetched_once(shop: Shop, sns: FakeSns, message: Message) -> None:
    gate, fetching = threading.Event(), threading.Event()
    certificates = SnsCertificates(Gated(sns, gate, fetching), shop.clock)
    webhook = Webhook(frozenset({TOPIC}), EventPolicy(), certificates, sns)
    body = sns.notification(event("Delivery", message))
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(handle, shop, webhook, body) for _ in range(5)]
        assert fetching.wait(5)
        other = CERTIFICATE_URL.replace("0123", "4567")
        assert not certificates.is_known(other)  # asked at the same moment, and not kept waiting by the fetch
        gate.set()
        assert {answer.result().status for answer in answers} == {200}
    assert sns.asked == [CERTIFICATE_URL]


def test_made_up_certificates_have_a_budget_and_do_not_push_the_good_one_out(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message, clock: TestClock
) -> None:
    body = sns.notification(event("Delivery", message))
    assert handle(shop, webhook, body).status == 200
    for number in range(3 * MOST_FIRST_FETCHES):
        url = CERTIFICATE_URL.replace("0123456789abcdef", f"{number:016x}")
        assert handle(shop, webhook, sns.notification(event("Send"), SigningCertURL=url)).status == 503
    assert len(sns.asked) == MOST_FIRST_FETCHES
    assert handle(shop, webhook, body).status == 200
    clock.forward(days=1, seconds=1)
    assert webhook.certificates.key_of(CERTIFICATE_URL)
    assert sns.asked[-1] == CERTIFICATE_URL


def test_a_certificate_that_is_not_sns_s_is_not_fetched_for_each_message(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message
) -> None:
    sns.pages[CERTIFICATE_URL] = b"nothing"
    body = sns.notification(event("Delivery", message))
    assert [handle(shop, webhook, body).status for _ in range(5)] == [403] * 5
    assert sns.asked == [CERTIFICATE_URL]


def test_health_and_known_senders_are_answered_while_certificates_do_not_come(
    shop: Shop, sns: FakeSns, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, fetching = threading.Event(), threading.Event()
    certificates = SnsCertificates(Gated(sns, gate, fetching, but=CERTIFICATE_URL), shop.clock)
    serving = Webhook(frozenset({TOPIC}), EventPolicy(), certificates, sns)
    monkeypatch.setattr("backend.api.app.webhook_of", lambda *_: serving)
    app = create_app(lambda: shop, event_topics=frozenset({TOPIC}))
    strange = [
        sns.notification(event("Send"), SigningCertURL=CERTIFICATE_URL.replace("0123456789abcdef", f"{number:016x}"))
        for number in range(60)
    ]

    async def ask() -> tuple[list[int], set[int]]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            certificates.key_of(CERTIFICATE_URL)
            waiting = [asyncio.create_task(client.post("/ses/events", content=body)) for body in strange]
            while not fetching.is_set():
                await asyncio.sleep(0.01)
            good = [
                await client.get("/health"),
                await client.get("/ready"),
                await client.post("/ses/events", content=sns.notification(event("Delivery", message))),
            ]
            gate.set()
            return [answer.status_code for answer in good], {(await each).status_code for each in waiting}

    assert in_own_loop(ask) == ([200, 200, 200], {503})


@dataclass
class Gated:
    """A `Fetcher` whose answers come when the gate is open."""

    sns: FakeSns
    gate: threading.Event
    fetching: threading.Event
    but: str = ""

    def get(self, url: str) -> bytes:
        self.fetching.set()
        if url != self.but:
            assert self.gate.wait(10)
        return self.sns.get(url)


def test_an_event_that_cannot_be_kept_is_asked_for_again(
    shop: Shop, webhook: Webhook, sns: FakeSns, message: Message, clock: TestClock
) -> None:
    class Unreachable:
        def get_many(self, keys: object) -> object:
            raise StoreUnreachableError("The store does not answer.")

    body = sns.notification(event("Delivery", message))
    assert handle(shop_on(Unreachable(), clock=clock), webhook, body).status == 503
    assert handle(shop, webhook, body).status == 200


def test_genuine_nonsense_goes_to_the_dead_letters(shop: Shop, webhook: Webhook, sns: FakeSns) -> None:
    assert handle(shop, webhook, sns.notification(b'{"eventType": "Strange"}')).status == 200
    (letter,) = list_dead_letters(shop, COMMAND_LINE).letters
    assert (letter.source, letter.body) == ("webhook", b'{"eventType": "Strange"}')


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"Type": "Notification"}', b"\xff", b'{"Type": 1}'])
def test_what_is_no_message_is_told_so_and_not_kept(shop: Shop, webhook: Webhook, body: bytes) -> None:
    assert handle(shop, webhook, body).status == 400
    assert list_dead_letters(shop, COMMAND_LINE).letters == []


def test_fields_of_a_wrong_kind_are_no_message(shop: Shop, webhook: Webhook, sns: FakeSns) -> None:
    document = json.loads(sns.notification(event("Send")))
    for name in ("Message", "Timestamp", "TopicArn", "Signature", "SigningCertURL"):
        wrong: object
        for wrong in (5, None, [], "\ud800"):
            body = json.dumps(document | {name: wrong}).encode()
            assert handle(shop, webhook, body).status in (400, 403), (name, wrong)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_subscription_to_our_topic_is_confirmed(shop: Shop, webhook: Webhook, sns: FakeSns, version: str) -> None:
    assert handle(shop, webhook, sns.confirmation(version=version)).status == 200
    assert sns.asked == [CERTIFICATE_URL, SUBSCRIBE_URL]


def test_a_subscription_to_another_topic_is_not_confirmed(shop: Shop, webhook: Webhook, sns: FakeSns) -> None:
    assert handle(shop, webhook, sns.confirmation(TopicArn=TOPIC + "-of-others")).status == 403
    assert sns.asked == []


@pytest.mark.parametrize("url", ["https://evil.example/", "http://169.254.169.254/", SUBSCRIBE_URL.replace("s:", ":")])
def test_a_subscription_is_confirmed_at_sns_only(shop: Shop, webhook: Webhook, sns: FakeSns, url: str) -> None:
    assert handle(shop, webhook, sns.confirmation(SubscribeURL=url)).status == 403
    assert sns.asked == [CERTIFICATE_URL]


def test_a_confirmation_that_fails_is_tried_again(shop: Shop, webhook: Webhook, sns: FakeSns) -> None:
    del sns.pages[SUBSCRIBE_URL]
    assert handle(shop, webhook, sns.confirmation()).status == 503


def test_the_route_answers_without_signing_in_and_refuses_what_is_too_large(shop: Shop) -> None:
    app = create_app(lambda: shop, event_topics=frozenset({TOPIC}))

    async def much() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * (LARGEST_BODY // 10)

    async def ask() -> list[int]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            answers = [await client.post("/ses/events", content=content) for content in (b"{}", much())]
            answers.append(await client.get("/ses/events"))
            return [answer.status_code for answer in answers]

    assert in_own_loop(ask) == [400, 413, 405]
