"""`/.well-known/security.txt`: whom to write to about a weakness (RFC 9116). Not there without SECURITY_CONTACT."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backend.config import Settings
from backend.domain.time import Clock, utc_now

PATH = "/.well-known/security.txt"
_VALID = timedelta(days=90)


def route(settings: Settings, *, clock: Clock = utc_now) -> Route:
    """The route that answers with the text of these settings."""
    return Route(PATH, _endpoint(settings, clock))


def text_of(settings: Settings, now: datetime) -> str:
    """The text, valid for the next 90 days; "" where nobody is to be written to."""
    if not settings.security_contact:
        return ""
    ends = (now + _VALID).strftime("%Y-%m-%dT00:00:00Z")
    lines = (f"Contact: {settings.security_contact}", f"Expires: {ends}", f"Canonical: {settings.public_url}{PATH}")
    return "\n".join(lines) + "\n"


def _endpoint(settings: Settings, clock: Clock) -> Callable[[Request], Awaitable[Response]]:
    async def security_txt(_: Request) -> Response:
        text = text_of(settings, clock())
        return PlainTextResponse(text) if text else PlainTextResponse("Not found\n", 404)

    return security_txt
