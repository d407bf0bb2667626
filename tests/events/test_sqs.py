"""Events from a queue of SQS: a message is deleted when it is kept, and comes again when it was not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from backend.domain.delivery import Outcome
from backend.domain.team import COMMAND_LINE
from backend.email.events import sqs
from backend.email.events.sources import QueueState, SourceUnreachableError
from backend.email.events.sqs import SqsSource, open_source
from backend.errors import ConfigurationError, StoreUnreachableError
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.dead_letters import list_dead_letters
from backend.services.events.drain import drain, drain_batch
from backend.workers import loop
from tests.events.samples import enveloped, event
from tests.events.test_applying import now, sent
from tests.events.test_poison import poisons
from tests.support import TestClock, shop_on

POLICY, GO_ON = EventPolicy(), threading.Event()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[sqs.SqsClient]:
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setattr(sqs, "_PARALLEL", 1)  # moto's queue is for one thread
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-central-1")


@pytest.fixture
def queue(client: sqs.SqsClient) -> str:
    return str(client.create_queue(QueueName="events")["QueueUrl"])  # type: ignore[attr-defined]


def is_text(body: bytes) -> bool:
    """Whether SQS takes it: UTF-8, and no control characters as such."""
    try:
        return body.decode().isprintable()
    except UnicodeDecodeError:
        return False


def put(client: sqs.SqsClient, queue: str, *bodies: bytes) -> None:
    for body in bodies:
        client.send_message(QueueUrl=queue, MessageBody=body.decode())  # type: ignore[attr-defined]


def test_events_come_in_envelopes_and_raw_and_are_deleted_when_they_are_kept(
    shop: Shop, client: sqs.SqsClient, queue: str
) -> None:
    messages = [sent(shop, f"k{number}") for number in range(23)]
    put(client, queue, *(event("Delivery", message) for message in messages))
    put(client, queue, *(enveloped(event("Send", message)) for message in messages), b"nonsense")
    source = SqsSource(client, queue, wait_seconds=0)
    assert source.state() == QueueState(47)
    intake = drain(shop, source, POLICY, GO_ON)
    assert (intake.applied, intake.dead) == (46, 1)
    assert source.state() == QueueState(0)
    assert all(set(now(shop, message).outcomes) == {Outcome.DELIVERED} for message in messages)
    assert [letter.body for letter in list_dead_letters(shop, COMMAND_LINE).letters] == [b"nonsense"]


def test_what_could_not_be_kept_comes_again(shop: Shop, client: sqs.SqsClient, queue: str, clock: TestClock) -> None:
    class Unreachable:
        def get_many(self, keys: object) -> object:
            raise StoreUnreachableError("The store does not answer.")

    message = sent(shop)
    put(client, queue, event("Delivery", message))
    source = SqsSource(client, queue, wait_seconds=0)
    with pytest.raises(StoreUnreachableError):
        drain_batch(shop_on(Unreachable(), clock=clock), source, POLICY, GO_ON)
    state = source.state()
    assert (state.waiting, state.in_flight) == (0, 1)
    assert state.oldest_at is not None
    assert drain_batch(shop, SqsSource(client, queue, wait_seconds=4), POLICY, GO_ON).applied == 1


@pytest.mark.parametrize("poison", [each for each in poisons() if is_text(each)])
def test_a_poison_leaves_the_queue_and_holds_up_no_other(
    shop: Shop, client: sqs.SqsClient, queue: str, poison: bytes
) -> None:
    messages = [sent(shop, f"k{number}") for number in range(11)]
    bodies = [event("Bounce", message) for message in messages]
    put(client, queue, *bodies[:5], poison, *(enveloped(body) for body in bodies[5:]))
    source = SqsSource(client, queue, wait_seconds=0)
    intake = drain(shop, source, POLICY, GO_ON)
    assert (intake.applied, intake.foreign + intake.dead) == (11, 1)
    assert source.state() == QueueState(0)
    assert all(Outcome.BOUNCED in now(shop, message).outcomes for message in messages)


class Refusing:
    """A client whose every call fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> object:
        def fail(**parameters: object) -> object:
            raise self._error

        return fail


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "ReceiveMessage"),
        EndpointConnectionError(endpoint_url="https://sqs.eu-central-1.amazonaws.com"),
    ],
)
def test_a_queue_that_does_not_answer_is_said_so(error: Exception) -> None:
    source = SqsSource(Refusing(error), "https://sqs.eu-central-1.amazonaws.com/123456789012/events")
    for ask in (lambda: source.receive(GO_ON), source.state):
        with pytest.raises(SourceUnreachableError):
            ask()


class Endless:
    """A queue that always has ten messages more (moto loses count when several ask at once)."""

    def __init__(self) -> None:
        self.waits: list[int] = []
        self._numbers = count()

    def receive_message(self, **wanted: int) -> dict[str, object]:
        self.waits.append(wanted["WaitTimeSeconds"])
        numbers = [next(self._numbers) for _ in range(wanted["MaxNumberOfMessages"])]
        return {"Messages": [{"Body": f"{number}", "ReceiptHandle": f"r{number}"} for number in numbers]}


def test_a_round_takes_many_messages_but_not_without_end() -> None:
    endless = Endless()
    batch = SqsSource(endless, "https://sqs.eu-central-1.amazonaws.com/123456789012/events").receive(GO_ON)
    assert sqs.IN_FLIGHT <= len(batch.bodies) <= sqs.IN_FLIGHT + 40
    assert [f"r{int(body)}" for body in batch.bodies] == batch.receipts
    assert endless.waits == [sqs.WAIT_SECONDS] + [0] * (len(endless.waits) - 1)


def test_a_queue_that_hangs_keeps_no_worker_for_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging:
        def receive_message(self, **wanted: int) -> dict[str, object]:
            released.wait()
            return {}

    assert sqs.WAIT_SECONDS + sqs.CALL_SECONDS < 10
    monkeypatch.setattr(sqs, "CALL_SECONDS", 0.1)
    released = threading.Event()
    source = SqsSource(Hanging(), "https://sqs.eu-central-1.amazonaws.com/123456789012/events", wait_seconds=0)
    try:
        with pytest.raises(SourceUnreachableError):
            source.receive(GO_ON)
    finally:
        released.set()


class Slow:
    """A queue whose receive ends when it is let, and that remembers what it was given back."""

    def __init__(self) -> None:
        self.asked, self.answers = threading.Event(), threading.Event()
        self.back: list[tuple[str, int]] = []
        self.given_back = threading.Event()

    def receive_message(self, **wanted: int) -> dict[str, object]:
        self.asked.set()
        self.answers.wait(20)
        return {"Messages": [{"Body": "{}", "ReceiptHandle": f"r{number}"} for number in range(3)]}

    def change_message_visibility_batch(self, **wanted: Any) -> dict[str, object]:
        self.back += [(entry["ReceiptHandle"], entry["VisibilityTimeout"]) for entry in wanted["Entries"]]
        self.given_back.set()
        return {}


BACK = [("r0", 0), ("r1", 0), ("r2", 0)]


def test_what_comes_after_the_worker_was_asked_to_stop_is_given_back_at_once() -> None:
    slow, stop = Slow(), threading.Event()
    source = SqsSource(slow, "https://sqs.eu-central-1.amazonaws.com/123456789012/events")
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(source.receive, stop)
        assert slow.asked.wait(10)
        stop.set()
        slow.answers.set()
        assert received.result(10).bodies == []
    assert slow.back == BACK


def test_a_queue_that_hangs_is_not_waited_for_by_whoever_stops_and_what_it_gives_later_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sqs.STOP_SECONDS < loop.OTHERS_SECONDS
    monkeypatch.setattr(sqs, "STOP_SECONDS", 0.1)
    slow, stop = Slow(), threading.Event()
    source = SqsSource(slow, "https://sqs.eu-central-1.amazonaws.com/123456789012/events")
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(source.receive, stop)
        assert slow.asked.wait(10)
        stop.set()
        with pytest.raises(SourceUnreachableError):
            received.result(sqs.WAIT_SECONDS)
    slow.answers.set()
    assert slow.given_back.wait(10)
    assert slow.back == BACK


def test_the_region_is_that_of_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    open_source("https://sqs.eu-central-1.amazonaws.com/123456789012/events")
    with pytest.raises(ConfigurationError):
        open_source("https://queue.example.com/events")
