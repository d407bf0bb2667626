"""The ASGI application around all others: which requests are allowed, from where, and how many at once.

host ▸ path ▸ origin ▸ websocket: places, messages   ▸ Streamlit
                     ▸ upload: a member's, a quota   ▸ Streamlit
                     ▸ the sign-in cookie
                     ▸ everything else               ▸ Streamlit, the API
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from loguru import logger
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from backend.api.public.limits import RequestLimit
from backend.domain.network import HostPort, Origin, address_group, origin_of
from front_door import cookie
from front_door.members import Members
from front_door.rules import Rules
from front_door.stream import Stream
from front_door.uploads import Uploads
from front_door.visitors import VISITORS, Visitors

BODY_SECONDS = 30.0
"""Seconds for the whole body of a request that is no upload."""
SIGN_IN_SECONDS = 9.0
"""For a sign-in or sign-out by a provider, which Streamlit calls meanwhile, with some retries."""
_CORE = "_stcore"
_OPEN = frozenset({"health", "host-config", "stream", "upload_file", "bidi-components"})
"""What browsers need of Streamlit's own addresses. The rest is for its developers: metrics, agents, checks."""
_PROBES = frozenset({"/api/health", "/api/ready", "/_stcore/health"})
"""Load balancers request these by the address of the machine."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_INS = ("/auth/", "/oauth2callback", cookie.COOKIE_PATH)
_NOT_OUR_HOST = (
    "Tillpost does not answer to this host name. Whoever runs it sets PUBLIC_URL to the address that people use, "
    "and ALLOWED_HOSTS to further names.\n"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How often in a minute, for one address before sign-in. Reloading twenty pages at once is far below.

    `sign_in_seconds` is how long a sign-in by a provider may take.
    """

    connections: RequestLimit = field(default_factory=lambda: RequestLimit(1200))
    messages: RequestLimit = field(default_factory=lambda: RequestLimit(600))
    sign_ins: RequestLimit = field(default_factory=lambda: RequestLimit(60))
    warnings: RequestLimit = field(default_factory=lambda: RequestLimit(1))
    sign_in_seconds: float = SIGN_IN_SECONDS


class FrontDoor:
    """Pure ASGI. `trusted` is the setting TRUSTED_PROXIES."""

    def __init__(
        self,
        app: ASGIApp,
        rules: Rules,
        members: Members,
        uploads: Uploads,
        *,
        trusted: str = "",
        limits: Limits | None = None,
        visitors: Visitors = VISITORS,
    ) -> None:
        self._app, self._rules, self._members, self._uploads = app, rules, members, uploads
        self._trusted, self._limits, self._visitors = trusted, limits or Limits(), visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        host = self._rules.host(request.headers.getlist("host"), (scope.get("server") or ("",))[0])
        if host is None and scope["path"] not in _PROBES:
            self._warn(request)
            await _refuse(scope, receive, send, 400, _NOT_OUR_HOST)
        elif scope["type"] == "http" and scope["method"] not in _METHODS:
            await _refuse(scope, receive, send, 405, "This method is not allowed.\n")
        elif (core := _core_path(scope["path"])) and core[0] not in _OPEN:
            await _refuse(scope, receive, send, 404, "Not found\n")
        elif host and self._asks_for_origin(scope, core) and not self._may(request, host):
            await _refuse(scope, receive, send, 403, "Pages of another site may not use this.\n")
        elif scope["type"] == "websocket":
            await self._websocket(request, core, receive, send)
        else:
            await self._http(request, core, receive, self._cookies_for(request, host, send))

    def _asks_for_origin(self, scope: Scope, core: Sequence[str]) -> bool:
        """Links of emails and webhooks carry their own proof instead of a cookie, so any origin is allowed."""
        if scope["type"] == "websocket" or core:
            return True
        return scope["method"] not in _SAFE and not scope["path"].startswith("/api/")

    def _may(self, request: HTTPConnection, host: HostPort) -> bool:
        return self._rules.origin(request.headers.getlist("origin"), host)

    def _cookies_for(self, request: HTTPConnection, host: HostPort | None, send: Send) -> Send:
        https = self._rules.https(request.scope["scheme"], request.headers.items(), host)
        return cookie.with_secure_cookies(send) if https else send

    # --- requests ------------------------------------------------------------------------------------------------

    async def _http(self, request: HTTPConnection, core: Sequence[str], receive: Receive, send: Send) -> None:
        scope, path = request.scope, request.scope["path"]
        if core[:1] == ("upload_file",) and scope["method"] not in _SAFE:
            await self._upload(request, core, receive, send)
            return
        if path.startswith(_SIGN_INS) and not self._limits.sign_ins.allows(_counted_for(self._origin(request))):
            await _refuse(scope, receive, send, 429, "Too many sign-ins. Wait a minute.\n")
        elif path == cookie.COOKIE_PATH:
            await cookie.answer(self._members, scope, _in_time(receive), send)
        elif path.startswith(_SIGN_INS):
            await self._by_provider(scope, receive, send)
        else:
            await self._app(scope, _in_time(receive), send)

    async def _by_provider(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ends also when the provider hangs, or answers a byte at a time."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._limits.sign_in_seconds) as limit:
                await self._app(scope, _in_time(receive), noted)
        except TimeoutError:
            if begun or not limit.expired():
                raise
            await _refuse(scope, receive, send, 504, "The sign-in provider does not answer. Go back and try again.\n")

    async def _upload(self, request: HTTPConnection, core: Sequence[str], receive: Receive, send: Send) -> None:
        """Only into a session of the member whose cookie the request brings, and within the quota."""
        scope, session_id = request.scope, core[1] if len(core) > 1 else ""
        username = await self._members.username(request)
        if not username or username != self._visitors.member_of(session_id):
            await _refuse(scope, receive, send, 403, "Sign in on the page first.\n")
        elif scope["method"] != "PUT":
            await self._app(scope, _in_time(receive), send)
        elif (size := _announced_size(request)) is None:
            await _refuse(scope, receive, send, 411, "An upload says how long it is.\n")
        elif not self._uploads.reserve(session_id, size):
            await _refuse(scope, receive, send, 413, "There is no room for this file. Remove others first.\n")
        else:
            try:
                await self._app(scope, receive, send)
            finally:
                self._uploads.release(session_id, size)

    # --- websockets ----------------------------------------------------------------------------------------------

    async def _websocket(self, request: HTTPConnection, core: Sequence[str], receive: Receive, send: Send) -> None:
        scope, origin = request.scope, self._origin(request)
        if core != ("stream",):
            await _refuse(scope, receive, send, 404, "Not found\n")
            return
        username = await self._members.username(request)
        if not username and not self._limits.connections.allows(_counted_for(origin)):
            await _refuse(scope, receive, send, 429, "Too many connections. Wait a minute.\n")
            return
        key = request.headers.get("sec-websocket-key", "")
        place = self._visitors.admit(key, _counted_for(origin), username, shared=origin.by_unnamed_proxy)
        if place is None:
            await _refuse(scope, receive, send, 503, "Too many people are connected.\n")
            return
        try:
            await Stream(place, receive, send, self._limits.messages).serve(
                self._app, self._for_streamlit(request, username)
            )
        finally:
            self._visitors.leave(place)

    def _for_streamlit(self, request: HTTPConnection, username: str) -> Scope:
        """The handshake as Streamlit gets it.

        Without the session that it wants to go on with, if that is another member's. With the origin's host, which has
        been checked: for any other, Streamlit asks a server on the internet for our address and waits.
        """
        wanted = request.headers.get("sec-websocket-protocol", "").split(",")
        owner = self._visitors.member_of(wanted[2].strip()) if len(wanted) > 2 else ""
        if owner and owner != username:
            wanted = wanted[:2]
        replaced = {b"sec-websocket-protocol": ",".join(wanted).encode("latin-1")}
        if origin := request.headers.get("origin"):
            replaced[b"host"] = origin.partition("://")[2].encode("latin-1")
        kept = [(name, value) for name, value in request.scope["headers"] if name not in replaced]
        return {**request.scope, "headers": [*kept, *((name, value) for name, value in replaced.items() if value)]}

    # --- helpers -------------------------------------------------------------------------------------------------

    def _origin(self, request: HTTPConnection) -> Origin:
        return origin_of(request.client.host if request.client else "", request.headers.items(), self._trusted)

    def _warn(self, request: HTTPConnection) -> None:
        if self._limits.warnings.allows("host"):
            name = request.headers.get("host", "")[:100]
            logger.warning("A request for the host {!r} was refused: see PUBLIC_URL and ALLOWED_HOSTS", name)


def _core_path(path: str) -> tuple[str, ...]:
    """What follows `_stcore` in a path, however it is written; () where it does not occur."""
    parts = [part for part in path.split("/") if part]
    lower = [part.lower() for part in parts]
    if _CORE not in lower:
        return ()
    return tuple(parts[lower.index(_CORE) + 1 :]) or ("",)


def _counted_for(origin: Origin) -> str:
    return f"through {origin.peer}" if origin.by_unnamed_proxy else address_group(origin.address)


def _announced_size(request: HTTPConnection) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None


def _in_time(receive: Receive) -> Receive:
    """`receive` for which a body that is not complete in time counts as disconnected."""
    ends: float | None = asyncio.get_running_loop().time() + BODY_SECONDS

    async def timed() -> Message:
        nonlocal ends
        try:
            async with asyncio.timeout_at(ends):
                message = await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        if not message.get("more_body"):
            ends = None
        return message

    return timed


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    response = PlainTextResponse(sentence, status, {"Cache-Control": "no-store"})
    if scope["type"] == "http":
        await response(scope, receive, send)
    elif "websocket.http.response" in scope.get("extensions", {}):
        await WebSocket(scope, receive, send).send_denial_response(response)
    else:
        await send({"type": "websocket.close", "code": 1008})
