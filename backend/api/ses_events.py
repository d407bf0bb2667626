"""The webhook: SNS posts events of SES here. Nothing is believed before its signature is verified.

Answers: 200 kept (or known already), 400 no message of SNS, 403 not genuine, 413 too large, 503 not kept: then SNS
comes again. What is genuine but makes no sense goes to the dead letters and is answered with 200, because it would
make no more sense the next time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

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
    parse_message,
    subscription_url,
    verify,
)
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.events.draining import take_in_safely
from backend.services.events.following import EventPolicy

LARGEST_BODY = 512 * 1024
"""AWS: a message of SNS has 256 KB at most; in JSON its signs may be written twice as long."""
SOURCE = "webhook"


class Reply(NamedTuple):
    """The status of HTTP and a sentence."""

    status: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the webhook works with. `topics` are those that may call; without any, nobody may."""

    topics: frozenset[str]
    policy: EventPolicy
    certificates: Certificates
    fetcher: Fetcher


def webhook_of(topics: frozenset[str], policy: EventPolicy, shop: Shop) -> Webhook:
    """The webhook of an installation. Nothing is connected before the first message."""
    fetcher = HttpsFetcher()
    return Webhook(topics, policy, SnsCertificates(fetcher, shop.clock), fetcher)


def ses_events_router(shop: Callable[[], Shop], webhook: Callable[[], Webhook]) -> APIRouter:
    """The route; shop and webhook are opened when they are first asked for."""
    router = APIRouter()

    @router.post("/ses/events")
    async def receive(request: Request) -> JSONResponse:
        body = await _body(request)
        if body is None:
            return _answer(Reply(413, "The message is too large."))
        return _answer(await run_in_threadpool(lambda: handle(shop(), webhook(), body)))

    return router


def handle(shop: Shop, webhook: Webhook, body: bytes) -> Reply:
    """Verifies a message and does what it asks for."""
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
