"""Events from a queue of Amazon SQS, to which a topic of SNS leads. A message is deleted when it is kept, not before.

Whoever dies in between gives its messages back: they come again when their visibility time is over.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError, ProfileNotFound

from backend.deadlines import DeadlineError, within, within_or_stopped
from backend.email.events.sources import Batch, QueueState, SourceUnreachableError
from backend.errors import ConfigurationError

WAIT_SECONDS = 5
"""A receive may wait for 20 (AWS); a worker that is to stop waits for it, so that what it brings is given back."""
AT_ONCE = 10
"""AWS: what one receive gives, and one delete takes, at most."""
IN_FLIGHT = 200
"""Messages that one round takes; 20 receives of 15 ms would be slow one after the other, so they overlap."""
VISIBILITY_SECONDS = 120
"""Longer than a round takes by far."""
AGAIN_SECONDS = 2
"""After which a batch that could not be kept comes again."""
CALL_SECONDS = 4.0
"""Together with the wait of a receive less than the ten seconds in which a worker ends."""
STOP_SECONDS = WAIT_SECONDS + 0.5
"""How long a worker that is stopping waits for a receive; one that had begun has ended by then."""
STATE_SECONDS = 3.0
"""For reading the queue's attributes, which pages and health wait for."""
_PARALLEL = 4
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_REGION = re.compile(r"^sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$")


class SqsClient(Protocol):
    """What is needed of a boto3 client for "sqs"."""

    def receive_message(self, **parameters: Any) -> Mapping[str, Any]: ...

    def delete_message_batch(self, **parameters: Any) -> Mapping[str, Any]: ...

    def change_message_visibility_batch(self, **parameters: Any) -> Mapping[str, Any]: ...

    def get_queue_attributes(self, **parameters: Any) -> Mapping[str, Any]: ...


class SqsSource:
    """An `EventSource` on a queue."""

    name = "sqs"

    def __init__(self, client: SqsClient, queue_url: str, *, wait_seconds: int = WAIT_SECONDS) -> None:
        self._client = client
        self._url = queue_url
        self._wait = wait_seconds
        self._held_since: datetime | None = None

    def receive(self, stop: threading.Event) -> Batch:
        """Waits for the first messages, and takes more while the queue gives as many as it can.

        When asked to stop, it gives back what comes at once.
        """
        messages = self._receive(self._wait, stop)
        if len(messages) == AT_ONCE and not stop.is_set():
            with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="sqs") as pool:
                while len(messages) < IN_FLIGHT and not stop.is_set():
                    more = [
                        each for found in pool.map(self._receive, [0] * _PARALLEL, [stop] * _PARALLEL) for each in found
                    ]
                    messages += more
                    if len(more) < _PARALLEL * AT_ONCE:
                        break
        if stop.is_set():
            self._give_back(_receipts(messages), 0)
            return Batch([])
        bodies = [str(message.get("Body", "")).encode("utf-8", "replace") for message in messages]
        oldest = min((at for message in messages if (at := _came_at(message))), default=None)
        if not messages:
            self._held_since = None
        return Batch(bodies, _receipts(messages), oldest)

    def done(self, batch: Batch) -> None:
        """What cannot be deleted comes again, and is recognised."""
        for part in _parts(batch.receipts):
            entries = [{"Id": str(place), "ReceiptHandle": receipt} for place, receipt in enumerate(part)]
            self._call(self._client.delete_message_batch, Entries=entries)
        if self._held_since and batch.oldest_at and batch.oldest_at <= self._held_since:
            self._held_since = None

    def failed(self, batch: Batch) -> None:
        """Gives the messages back after a few seconds instead of minutes."""
        self._held_since = min((at for at in (self._held_since, batch.oldest_at) if at), default=None)
        self._give_back(batch.receipts, AGAIN_SECONDS)

    def state(self) -> QueueState:
        """By SQS's own estimate, those that are delayed included.

        SQS does not say how old the oldest message is; known is since when those wait that could not be kept.
        """
        names = [f"ApproximateNumberOfMessages{each}" for each in ("", "Delayed", "NotVisible")]
        get = self._client.get_queue_attributes
        found = self._call(get, seconds=STATE_SECONDS, AttributeNames=names).get("Attributes", {})
        waiting, delayed, in_flight = (int(found.get(name, 0)) for name in names)
        return QueueState(waiting + delayed, in_flight, self._held_since)

    def _receive(self, wait: int, stop: threading.Event) -> list[Mapping[str, Any]]:
        call = partial(
            self._client.receive_message,
            QueueUrl=self._url,
            MaxNumberOfMessages=AT_ONCE,
            AttributeNames=["SentTimestamp"],
            WaitTimeSeconds=wait,
            VisibilityTimeout=VISIBILITY_SECONDS,
        )
        with _as_unreachable():
            found = within_or_stopped(
                wait + CALL_SECONDS, "SQS", call, stop, after_stop=STOP_SECONDS, late=self._came_late
            )
        return list(found.get("Messages", []))

    def _came_late(self, found: Mapping[str, Any]) -> None:
        """Makes messages visible again that came too late; otherwise they would be hidden for minutes."""
        self._give_back(_receipts(found.get("Messages", [])), 0)

    def _give_back(self, receipts: Sequence[str], seconds: int) -> None:
        for part in _parts(receipts):
            entries = [
                {"Id": str(place), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                for place, receipt in enumerate(part)
            ]
            self._call(self._client.change_message_visibility_batch, Entries=entries)

    def _call(self, method: Any, *, seconds: float = CALL_SECONDS, **parameters: Any) -> Mapping[str, Any]:
        """`seconds` are for the call with its repetitions."""
        call = partial(method, QueueUrl=self._url, **parameters)
        with _as_unreachable():
            return cast("Mapping[str, Any]", within(seconds, "SQS", call))


@contextmanager
def _as_unreachable() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "no code"))[:80]
        raise SourceUnreachableError(f"SQS refuses: {code}.") from error
    except (BotoCoreError, DeadlineError) as error:
        raise SourceUnreachableError(f"SQS does not answer: {type(error).__name__}.") from error


def _receipts(messages: Iterable[Mapping[str, Any]]) -> list[str]:
    return [str(message["ReceiptHandle"]) for message in messages]


def _came_at(message: Mapping[str, Any]) -> datetime | None:
    """When SQS got a message (AWS: milliseconds since 1970)."""
    stamp = str(message.get("Attributes", {}).get("SentTimestamp", ""))
    return datetime.fromtimestamp(int(stamp) / 1000, UTC) if stamp.isdigit() else None


def _parts(receipts: Sequence[str]) -> Iterable[Sequence[str]]:
    return (receipts[start : start + AT_ONCE] for start in range(0, len(receipts), AT_ONCE))


def open_source(queue_url: str) -> SqsSource:
    """A source on the queue with this URL; region and credentials come from the URL and boto3's own environment.

    A queue on this machine needs no credentials. Raises: `ConfigurationError`.
    """
    host = urlsplit(queue_url).hostname or ""
    is_here = host in _LOOPBACK
    found = _REGION.match(host)
    try:
        session = boto3.Session()
        region = found[1] if found else session.region_name or os.environ.get("AWS_REGION")
        secret = "none" if is_here and not os.environ.get("AWS_ACCESS_KEY_ID") else None
        # Receiving and deleting may be repeated without harm, unlike sending, so boto3's own retries stay on.
        config = Config(
            connect_timeout=3.0,
            read_timeout=WAIT_SECONDS + CALL_SECONDS,
            retries={"mode": "standard", "total_max_attempts": 3},
            proxies={} if is_here else None,
        )
        client = session.client(
            "sqs",
            region_name=region or ("us-east-1" if is_here else None),
            config=config,
            endpoint_url=f"http://{urlsplit(queue_url).netloc}" if is_here else None,
            aws_access_key_id=secret,
            aws_secret_access_key=secret,
        )
    except (NoRegionError, ProfileNotFound) as error:
        raise ConfigurationError(
            "SES_EVENTS_QUEUE_URL needs AWS_REGION, and the AWS profile if one is named."
        ) from error
    return SqsSource(cast("SqsClient", client), queue_url)
