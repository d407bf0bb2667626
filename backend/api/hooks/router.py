"""The routes for webhooks of shops. Each request is only verified and stored, and answered at once.

Answers: 200 stored (or known already), 401 not genuine, 413 too large, 429 too many that are not genuine, 503 not
stored: then the shop sends it again.
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from loguru import logger

from backend.api.public.limits import RequestLimit
from backend.domain.connections import ShopKind
from backend.domain.network import Origin, address_group
from backend.errors import BackendError
from backend.services.connections.intake import Received, note_refusal, receive
from backend.services.context import Shop

LARGEST_BODY = 5 * 1024 * 1024
_MOST_REFUSED = 20
"""Requests a minute from one address that are not genuine."""
_ANSWERS: dict[Received, tuple[int, str]] = {
    Received.KEPT: (200, "Stored."),
    Received.KNOWN: (200, "Stored before."),
    Received.PING: (200, "Hello."),
    Received.REFUSED: (401, "The request is not signed with the secret of this connection."),
    Received.TOO_LARGE: (413, "The body is too large."),
}


def hooks_router(shop: Callable[[], Shop], key: Callable[[], bytes], origin: Callable[[Request], Origin]) -> APIRouter:
    """The routes; the shop and the key of its secrets are opened when they are first needed."""
    router = APIRouter(prefix="/hooks")
    refusals = RequestLimit(_MOST_REFUSED)

    @router.post("/{kind}/{connection_id}")
    async def receive_webhook(request: Request, kind: ShopKind, connection_id: str) -> JSONResponse:
        group = address_group(origin(request).address)
        body = await _body(request)
        if body is None:
            return _answer(*_ANSWERS[Received.TOO_LARGE])
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            result = await run_in_threadpool(lambda: receive(shop(), key(), kind, connection_id, headers, body))
            if result is Received.REFUSED:
                if not refusals.allows(group):
                    return _answer(429, "Too many requests.", {"Retry-After": str(refusals.retry_after)})
                await run_in_threadpool(lambda: note_refusal(shop(), connection_id))
        except BackendError as error:
            logger.warning("A webhook could not be stored: {}", type(error).__name__)
            return _answer(503, "It could not be stored now.")
        return _answer(*_ANSWERS[result])

    return router


async def _body(request: Request) -> bytes | None:
    """The body, or None when it is too large; it is not read further then."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_BODY:
        return None
    chunks, size = [], 0
    async for chunk in request.stream():
        chunks.append(chunk)
        size += len(chunk)
        if size > LARGEST_BODY:
            return None
    return b"".join(chunks)


def _answer(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"status": sentence}, status_code=status, headers=headers)
