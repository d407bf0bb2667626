"""The webhook to which SNS posts events of SES. Nothing is trusted before its signature is verified.

Answers: 200 kept (or known already), 400 no message of SNS, 403 not genuine, 413 too large, 503 not kept: then SNS
comes again. What is genuine but makes no sense goes to the dead letters and is answered with 200, because it would
make no more sense the next time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from loguru import logger

from backend.email.events.certificates import Fetcher, HttpsFetcher, SnsCertificates
from backend.email.events.sns import (
    Certificates,
    CertificateUnavailableError,
    ForgedMessageError,
    MalformedMessageError,
    SnsMessage,
    SnsType,
    check_claims,
    parse_message,
    subscription_url,
    verify,
)
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.services.events.drain import take_in_safely

LARGEST_BODY = 512 * 1024
"""AWS: a message of SNS has 256 KB at most; in JSON its signs may be written twice as long."""
SOURCE = "webhook"
_FETCHES_AT_ONCE = 4
_MOST_WAITING = 100
"""Messages that wait for a certificate; each may hold half a megabyte."""


class Reply(NamedTuple):
    """The status of HTTP and a sentence."""

    status: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the webhook works with. `topics` are those that may call; without any, none may."""

    topics: frozenset[str]
    policy: EventPolicy
    certificates: Certificates
    fetcher: Fetcher


def webhook_of(topics: frozenset[str], policy: EventPolicy, shop: Shop) -> Webhook:
    """The webhook of an installation. Nothing is connected before the first message."""
    fetcher = HttpsFetcher()
    return Webhook(topics, policy, SnsCertificates(fetcher, shop.clock), fetcher)


def ses_events_router(shop: Callable[[], Shop], webhook: Callable[[], Webhook]) -> APIRouter:
    """The route; shop and webhook are opened when they are first needed."""
    router = APIRouter()
    fetching = Waiting(CapacityLimiter(_FETCHES_AT_ONCE))

    @router.post("/ses/events")
    async def receive(request: Request) -> JSONResponse:
        body = await _body(request)
        if body is None:
            return _answer(Reply(413, "The message is too large."))
        serving, opened = await run_in_threadpool(lambda: (webhook(), shop()))
        if (url := _certificate_to_fetch(serving, body, opened.clock())) and not await fetching.fetched(serving, url):
            return _answer(Reply(503, "It cannot be verified now."))
        return _answer(await run_in_threadpool(handle, opened, serving, body))

    return router


class Waiting:
    """Fetches certificates in threads of their own: those of the server are for what does not wait for others."""

    def __init__(self, threads: CapacityLimiter) -> None:
        self._threads = threads
        self._waiting = 0

    async def fetched(self, webhook: Webhook, url: str) -> bool:
        """Whether the certificate was requested. False when too many messages wait for one already."""
        if self._waiting >= _MOST_WAITING:
            return False
        self._waiting += 1
        try:
            await to_thread.run_sync(_fetch, webhook, url, limiter=self._threads)
        finally:
            self._waiting -= 1
        return True


def _certificate_to_fetch(webhook: Webhook, body: bytes, now: datetime) -> str | None:
    """The address of a certificate that the message needs and that was not fetched yet."""
    try:
        message = parse_message(body)
        check_claims(message, webhook.topics, now)
    except (MalformedMessageError, ForgedMessageError):
        return None
    return None if webhook.certificates.is_known(message.certificate_url) else message.certificate_url


def _fetch(webhook: Webhook, url: str) -> None:
    """Fetches a certificate; the next verification of the message uses the result."""
    with contextlib.suppress(CertificateUnavailableError, ForgedMessageError):
        webhook.certificates.key_of(url)


def handle(shop: Shop, webhook: Webhook, body: bytes) -> Reply:
    """Verifies a message and acts on it."""
    try:
        message = parse_message(body)
        verify(message, webhook.topics, webhook.certificates, shop.clock())
        return _obeyed(shop, webhook, message)
    except MalformedMessageError as error:
        return Reply(400, error.sentence)
    except ForgedMessageError as error:
        logger.warning("A message to the webhook of SES was refused: {}", error.sentence)
        return Reply(403, error.sentence)
    except CertificateUnavailableError as error:
        logger.warning("A message to the webhook of SES cannot be verified now: {}", error.sentence)
        return Reply(503, "It cannot be verified now.")


def _obeyed(shop: Shop, webhook: Webhook, message: SnsMessage) -> Reply:
    if message.type is SnsType.SUBSCRIPTION:
        return _confirmed(webhook, message)
    if message.type is SnsType.UNSUBSCRIPTION:
        logger.warning("The webhook of SES was unsubscribed from {}", message.topic)
        return Reply(200, "Noted.")
    try:
        take_in_safely(shop, [message.message.encode("utf-8", "replace")], SOURCE, webhook.policy)
    except BackendError as error:
        logger.warning("An event could not be kept: {}", type(error).__name__)
        return Reply(503, "It could not be kept now.")
    return Reply(200, "Kept.")


def _confirmed(webhook: Webhook, message: SnsMessage) -> Reply:
    try:
        webhook.fetcher.get(subscription_url(message))
    except OSError as error:
        logger.warning("The subscription to {} cannot be confirmed: {}", message.topic, type(error).__name__)
        return Reply(503, "The subscription cannot be confirmed now.")
    logger.info("The subscription to {} is confirmed", message.topic)
    return Reply(200, "Confirmed.")


async def _body(request: Request) -> bytes | None:
    """The body, or None when it is too large; it is not read further then."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return body


def _answer(reply: Reply) -> JSONResponse:
    return JSONResponse({"status": reply.sentence}, status_code=reply.status)
