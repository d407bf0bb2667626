"""Sets the sign-in cookie where scripts cannot read it, and marks cookies for HTTPS where the browser uses it.

The page gives the browser the signed value, and its script posts it to this route: only a response can set HttpOnly.
"""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from backend.services.team.sessions import COOKIE_NAME
from front_door.members import Members

COOKIE_PATH = "/session-cookie"
_LONGEST = 4096


async def answer(members: Members, scope: Scope, receive: Receive, send: Send) -> None:
    """A POST with the value sets the cookie, one without takes it away. It has to come from a page of this server."""
    request = Request(scope, receive)
    response: Response
    if request.method != "POST" or "origin" not in request.headers:
        response = PlainTextResponse("Only pages of Tillpost use this.\n", 405, {"Allow": "POST"})
    else:
        response = await _set(members, request)
    response.headers["cache-control"] = "no-store"
    await response(scope, receive, send)


async def _set(members: Members, request: Request) -> Response:
    token = await _body(request)
    if token is None or (token and not await members.owns(token)):
        return PlainTextResponse("This is no valid sign-in.\n", 403)
    response = Response(status_code=204)
    age = members.seconds if token else 0
    response.set_cookie(COOKIE_NAME, token, max_age=age, httponly=True, samesite="strict")
    return response


async def _body(request: Request) -> str | None:
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST:
                return None
    except ClientDisconnect:
        return None
    return body.decode("ascii", "replace")


def with_secure_cookies(send: Send) -> Send:
    """`send` that adds Secure to each cookie without it."""

    async def secure(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (name, value + b"; Secure")
                if name.lower() == b"set-cookie"
                and b"secure" not in [part.strip().lower() for part in value.split(b";")]
                else (name, value)
                for name, value in message.get("headers", [])
            ]
        await send(message)

    return secure
