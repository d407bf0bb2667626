"""The application of `/api/v1`: its routers, what is answered where there is no route, and CORS where it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from backend.api.v1 import problems
from backend.api.v1.gate import Gate, Limits
from backend.api.v1.openapi import describe
from backend.api.v1.routers import (
    campaigns,
    customers,
    draft_orders,
    messages,
    orders,
    segments,
    statistics,
    suppressions,
)
from backend.services.api.request_rate import RatePolicy
from backend.services.api_keys.tokens import Tokens
from backend.services.context import Shop
from backend.services.sending.mailer import Mailer

ROUTERS = (
    customers.router,
    orders.router,
    draft_orders.router,
    messages.router,
    campaigns.router,
    segments.router,
    suppressions.router,
    statistics.router,
)
_EXPOSED = ("ETag", "Location", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id", "Idempotent-Replayed")
_ASKED = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-Request-Id")
_NO_ROUTE = {kind.status: kind for kind in (problems.NOT_FOUND, problems.NO_METHOD)}


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the API needs beside the shop. `key` is the installation's; pages of these `origins` may use the API.

    With `tokens`, access tokens of an identity provider are taken beside API keys.
    """

    mailer: Callable[[], Mailer]
    key: Callable[[], bytes]
    origins: tuple[str, ...] = ()
    rate: RatePolicy = field(default_factory=RatePolicy)
    limits: Limits | None = None
    tokens: Tokens | None = None


def create_v1(shop: Callable[[], Shop], settings: ApiSettings, *, trusted_proxies: str = "") -> FastAPI:
    """The application, to be mounted at `/v1`."""
    app = FastAPI(title="Tillpost API", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.gate = Gate(
        shop,
        settings.mailer,
        settings.key,
        trusted=trusted_proxies,
        rate=settings.rate,
        limits=settings.limits,
        tokens=settings.tokens,
    )
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(HTTPException, no_route)

    @app.get("/openapi.json", include_in_schema=False)
    async def document() -> JSONResponse:
        return JSONResponse(app.openapi())

    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_ASKED,
            expose_headers=_EXPOSED,
            max_age=600,
        )
    describe(app)
    return app


async def no_route(_: Request, error: Exception) -> Response:
    """The answer where there is no route, or none for the method."""
    status = error.status_code if isinstance(error, HTTPException) else problems.NOT_FOUND.status
    headers = error.headers if isinstance(error, HTTPException) else None
    return problems.problem(_NO_ROUTE.get(status, problems.NOT_FOUND), headers=headers)
