"""The HTTP API: whether the server lives and can work, and the pages behind the links of emails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import cache

from anyio import CapacityLimiter, move_on_after, to_thread
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from loguru import logger
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend import logs
from backend.api import demo_pictures
from backend.api.hooks.router import hooks_router
from backend.api.maintenance import MaintenanceGate
from backend.api.public.limits import LinkLimit
from backend.api.public.router import PublicPages, public_router
from backend.api.ses_events import Webhook, ses_events_router, webhook_of
from backend.api.v1 import ApiSettings, create_v1, no_route, reference
from backend.deadlines import LONGEST_WAIT, within
from backend.domain.network import Origin, origin_of
from backend.email.links import Links
from backend.errors import BackendError
from backend.observability import sentry
from backend.observability.measures import MEASURES
from backend.services.context import Shop
from backend.services.events.consequences import EventPolicy
from backend.store import schema
from backend.store.meter import access_pattern

READY_SECONDS = 4.0
"""How long the store may take to answer."""
_LOOKS_AT_ONCE = 4
_FAILED = 500
"""From this status of HTTP on, a request has failed on our side."""


def create_app(
    shop: Callable[[], Shop],
    links: Callable[[], Links] | None = None,
    *,
    trusted_proxies: str = "",
    event_topics: frozenset[str] = frozenset(),
    event_policy: EventPolicy | None = None,
    connection_key: Callable[[], bytes] | None = None,
    ending: Callable[[], bool] = lambda: False,
    v1: ApiSettings | None = None,
) -> FastAPI:
    """The API of a shop, which is opened when it is first needed.

    With `links`, customers can follow those of their emails. `trusted_proxies` are those whose X-Forwarded-For counts,
    `event_topics` those topics of SNS that may report events of emails. With `connection_key`, which opens the secrets
    of connections, shops can post webhooks. While the server is `ending`, it is not ready. With `v1`, other programs
    can use `/v1` with API keys.
    """
    app = FastAPI(title="Tillpost", docs_url=None, redoc_url=None, openapi_url=None)

    app.add_middleware(MaintenanceGate)
    app.add_middleware(RequestIds)
    app.add_middleware(HeadAsGet)

    app.include_router(demo_pictures.router)
    looks = CapacityLimiter(_LOOKS_AT_ONCE)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """The process answers. Uses no store and no thread, so that a slow service does not get it restarted."""
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> JSONResponse:
        """The store answers too, and the process does not end (503 if not): send people here."""
        if ending():
            return JSONResponse({"status": "the server is ending"}, status_code=503)
        with move_on_after(LONGEST_WAIT - READY_SECONDS):  # with many requests, the last ones wait for a thread
            if await to_thread.run_sync(_store_answers, shop, limiter=looks, abandon_on_cancel=True):
                return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "the store does not answer"}, status_code=503)

    if links is not None:
        app.include_router(public_router(_public_pages(shop, links, trusted_proxies)))
    if v1 is not None:
        first = create_v1(shop, v1, trusted_proxies=trusted_proxies)
        app.mount("/v1", first)
        app.add_api_route("/docs", lambda: reference(first))
        app.add_exception_handler(404, no_route)
    if connection_key is not None:
        app.include_router(hooks_router(shop, connection_key, _origin_by(trusted_proxies)))
    app.include_router(ses_events_router(shop, _webhook(shop, event_topics, event_policy or EventPolicy())))
    return app


def _store_answers(shop: Callable[[], Shop]) -> bool:
    try:
        within(READY_SECONDS, "The store", lambda: shop().store.get(schema.meta_key("team")))
    except BackendError as error:
        logger.warning("Not ready: {}", error.sentence)
        return False
    return True


def _webhook(shop: Callable[[], Shop], topics: frozenset[str], policy: EventPolicy) -> Callable[[], Webhook]:
    return cache(lambda: webhook_of(topics, policy, shop()))


def _public_pages(shop: Callable[[], Shop], links: Callable[[], Links], trusted: str) -> Callable[[], PublicPages]:
    limit = LinkLimit()
    return lambda: PublicPages(shop(), links(), limit, _origin_by(trusted))


def _origin_by(trusted: str) -> Callable[[Request], Origin]:
    def origin(request: Request) -> Origin:
        return origin_of(request.client.host if request.client else "", request.headers.items(), trusted)

    return origin


class HeadAsGet:
    """Answers HEAD as GET without the body (RFC 9110, section 9.3.2), for every route: FastAPI does not do it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app({**scope, "method": "GET"}, receive, without_body)


class RequestIds:
    """Gives each request an id that its log lines and its answer carry; takes the caller's if it looks like one."""

    _LOOKS_LIKE_ONE = re.compile(rb"[A-Za-z0-9._-]{4,64}")

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"")
        wanted = given.decode() if self._LOOKS_LIKE_ONE.fullmatch(given) else ""
        began, status = time.perf_counter(), _FAILED
        # The path may hold a token of a customer, so the request is measured under its route.
        with logs.action(f"{scope['method']} {scope['path'][:100]}", wanted, measured=False) as identity:

            async def with_id(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    message["headers"] = [*message.get("headers", []), (b"x-request-id", identity.encode())]
                await send(message)

            try:
                with access_pattern("api"), sentry.traced("api request"):
                    await self._app(scope, receive, with_id)
            finally:
                took = time.perf_counter() - began
                MEASURES.action(f"api {_route_of(scope)}", took, failed=status >= _FAILED)


def _route_of(scope: Scope) -> str:
    """The pattern that the path fitted, such as "GET /u/{token}"; paths that fit none count together."""
    route = getattr(scope.get("route"), "path", "")
    mounted = "/v1" if scope.get("root_path", "").endswith("/v1") else ""
    return f"{scope['method']} {mounted}{route}" if route else "other"
