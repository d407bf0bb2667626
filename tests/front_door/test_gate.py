"""The door with nobody behind it: whose place a connection takes, and which messages pass."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg

from front_door.gate import FrontDoor, Limits
from front_door.rules import Rules
from front_door.uploads import Uploads
from front_door.visitors import Caps, Connection, Visitors
from tests.support import in_own_loop


class Nobody:
    """Members of whom none has a cookie here."""

    seconds = 60

    async def username(self, _: object) -> str:
        return ""


class Counting(Visitors):
    """Keeps for whom places were asked."""

    def __init__(self) -> None:
        super().__init__(Caps())
        self.asked: list[tuple[str, bool]] = []

    def admit(self, key: str, address: str, member: str, *, shared: bool = False) -> Connection | None:
        self.asked.append((address, shared))
        return super().admit(key, address, member, shared=shared)


def connected(
    headers: dict[str, str], *, peer: str = "127.0.0.1", trusted: str = "", messages: list[Message] | None = None
) -> tuple[Counting, list[Message], list[Scope]]:
    """One websocket: the visitors, what the application heard, and the handshakes that it got."""
    visitors = Counting()
    heard: list[Message] = []
    scopes: list[Scope] = []
    waiting = [{"type": "websocket.connect"}, *(messages or []), {"type": "websocket.disconnect", "code": 1000}]

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        while not heard or heard[-1]["type"] != "websocket.disconnect":
            heard.append(await receive())

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(_: Message) -> None:
        return

    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/_stcore/stream",
        "scheme": "ws",
        "client": (peer, 5000),
        "server": ("127.0.0.1", 8501),
        "headers": [
            (name.lower().encode(), value.encode()) for name, value in {"Host": "localhost", **headers}.items()
        ],
    }
    door = FrontDoor(application, Rules(), Nobody(), Uploads(1, 1, dict), trusted=trusted, visitors=visitors)
    in_own_loop(lambda: door(scope, receive, send))
    return visitors, heard, scopes


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "counted"),
    [
        ("192.0.2.1", "", "", ("192.0.2.1", False)),
        ("2001:db8:1:2::3", "", "", ("2001:db8:1:2::/64", False)),
        ("::ffff:192.0.2.1", "", "", ("192.0.2.1", False)),
        ("10.0.0.2", "198.51.100.1", "10.0.0.0/8", ("198.51.100.1", False)),
        ("10.0.0.2", "203.0.113.5, 198.51.100.1", "10.0.0.0/8", ("198.51.100.1", False)),
        ("127.0.0.1", "198.51.100.1", "127.0.0.1", ("198.51.100.1", False)),
        ("10.0.0.2", "198.51.100.1", "", ("through 10.0.0.2", True)),
        ("192.0.2.1", "127.0.0.1", "10.0.0.0/8", ("through 192.0.2.1", True)),
    ],
)
def test_a_connection_takes_the_place_of_the_address_that_trusted_proxies_name(
    peer: str, forwarded: str, trusted: str, counted: tuple[str, bool]
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert connected(headers, peer=peer, trusted=trusted)[0].asked == [counted]


def test_streamlit_hears_what_pages_say_and_nothing_else() -> None:
    rerun = BackMsg(app_heartbeat=True).SerializeToString()
    said = [BackMsg(clear_cache=True).SerializeToString(), b"", rerun, BackMsg(load_git_info=True).SerializeToString()]
    _, heard, _ = connected({}, messages=[{"type": "websocket.receive", "bytes": each} for each in said])
    assert [each["bytes"] for each in heard if each["type"] == "websocket.receive"] == [rerun]


def test_streamlit_sees_the_host_that_the_origin_names_and_need_not_ask_the_internet() -> None:
    _, _, (scope,) = connected({"Host": "LOCALHOST:8501", "Origin": "http://localhost:8501"})
    assert [value for name, value in scope["headers"] if name == b"host"] == [b"localhost:8501"]


@pytest.mark.parametrize("wanted", ["streamlit, x, theirs", "streamlit,,theirs", "streamlit,x,theirs,more"])
def test_a_session_of_a_member_is_not_asked_for_without_their_cookie(wanted: str) -> None:
    visitors = Visitors()
    visitors.signed_in("theirs", "another connection", "ada")
    door = FrontDoor(_nothing, Rules(), Nobody(), Uploads(1, 1, dict), visitors=visitors)
    request = _request({"sec-websocket-protocol": wanted})
    assert b"theirs" not in dict(door._for_streamlit(request, "")["headers"])[b"sec-websocket-protocol"]
    assert b"theirs" not in dict(door._for_streamlit(request, "ben")["headers"])[b"sec-websocket-protocol"]
    assert b"theirs" in dict(door._for_streamlit(request, "ada")["headers"])[b"sec-websocket-protocol"]


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    return


def _request(headers: dict[str, str]) -> Any:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "websocket", "headers": pairs})


# --- sign-in by a provider ---------------------------------------------------------------------------------------


def signed_in(path: str, application: ASGIApp) -> list[Message]:
    """What a browser gets that asks for a page of a sign-in, from a door that waits for a tenth of a second."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": path,
        "scheme": "http",
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8501),
        "headers": [(b"host", b"localhost")],
    }
    door = FrontDoor(application, Rules(), Nobody(), Uploads(1, 1, dict), limits=Limits(sign_in_seconds=0.1))
    in_own_loop(lambda: door(scope, receive, send))
    return sent


@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout", "/oauth2callback"])
def test_a_sign_in_ends_although_the_provider_hangs(path: str) -> None:
    ended: list[bool] = []

    async def hangs(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    start, body = signed_in(path, hangs)
    assert (start["status"], ended) == (504, [True])
    assert b"does not answer" in body["body"]


def test_other_requests_may_take_longer_and_answers_are_passed_on() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.3 if scope["path"] == "/api/orders" else 0.0)
        await PlainTextResponse("here")(scope, receive, send)

    for path in ("/api/orders", "/auth/login"):
        assert [message.get("status") for message in signed_in(path, slow)] == [200, None]


def test_a_failure_of_ours_is_not_taken_for_the_providers() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        signed_in("/auth/login", fails)
