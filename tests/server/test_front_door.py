"""What strangers can do to a server as people start it: little, and nothing that others notice."""

from __future__ import annotations

import contextlib
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from backend.bootstrap import open_shop
from backend.config import Settings
from backend.domain.team import Role
from backend.secret_file import cookie_key
from backend.services.team import members as team
from backend.services.team import sessions
from backend.services.team.sessions import COOKIE_NAME
from tests.server.processes import Server, whole_server
from tests.support import ADMIN

PUBLIC = "https://shop.example.com"
MB = 1024 * 1024
STALL = 10.0
"""Seconds that no page waits for behind a flood, however busy the machine is."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("doors")


class _Outside:
    """The way out of the server: a proxy that answers nobody and counts who asked."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        with contextlib.suppress(OSError):  # until it is closed
            while True:
                self._listener.accept()[0].close()
                self.asked += 1

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture(scope="module")
def outside() -> Iterator[_Outside]:
    opened = _Outside()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(folder: Path, outside: _Outside) -> Iterator[Server]:
    shop = open_shop(Settings(store_url=f"sqlite:///{folder}/tillpost.db", data_dir=folder))
    for name in ("ada", "ben"):
        team.add_member(shop, ADMIN, username=name, name=name, email=f"{name}@example.com", role=Role.ADMIN)
    shop.store.close()
    proxies = {"HTTP_PROXY": outside.address, "http_proxy": outside.address, "HTTPS_PROXY": outside.address}
    with whole_server(folder, {"PUBLIC_URL": PUBLIC, "UPLOADS_MB": "601", **proxies}) as running:
        yield running


@pytest.fixture(scope="module")
def tokens(folder: Path, server: Server) -> dict[str, str]:
    """Values of the sign-in cookie."""
    settings = Settings(store_url=f"sqlite:///{folder}/tillpost.db", data_dir=folder)
    shop, policy = open_shop(settings), sessions.policy_of(settings, cookie_key(settings))
    members = {name: team.find_member(shop, name) for name in ("ada", "ben")}
    made = {
        name: sessions.session_token(policy, sessions.begin_session(shop, member))
        for name, member in members.items()
        if member
    }
    shop.store.close()
    return made


@contextlib.contextmanager
def browser(server: Server, token: str = "", **headers: str) -> Iterator[httpx.Client]:
    cookies = {COOKIE_NAME: token} if token else {}
    with httpx.Client(base_url=server.url(""), headers=headers, cookies=cookies, timeout=20, trust_env=False) as client:
        yield client


def websocket(
    server: Server,
    token: str = "",
    *,
    session: str = "",
    origin: str = "",
    path: str = "/_stcore/stream",
    **headers: str,
) -> ClientConnection:
    return connect(
        f"ws://127.0.0.1:{server.port}{path}",
        origin=origin or f"http://127.0.0.1:{server.port}",  # type: ignore[arg-type]
        subprotocols=["streamlit", "x", *([session] if session else [])],  # type: ignore[list-item]
        additional_headers={**({"Cookie": f"{COOKIE_NAME}={token}"} if token else {}), **headers},
        open_timeout=20,
        max_size=None,
        ping_interval=None,
        proxy=None,
    )


def ask(connection: ClientConnection) -> list[ForwardMsg]:
    message = BackMsg()
    message.rerun_script.query_string = ""
    connection.send(message.SerializeToString())
    received: list[ForwardMsg] = []
    while not received or received[-1].WhichOneof("type") != "script_finished":
        part = ForwardMsg()
        part.ParseFromString(connection.recv(20))  # type: ignore[arg-type]  # Streamlit sends bytes
        received.append(part)
    return received


def session_id(messages: list[ForwardMsg]) -> str:
    return next(each.new_session.initialize.session_id for each in messages if each.HasField("new_session"))


def is_signed_in(messages: list[ForwardMsg]) -> bool:
    raw = b"".join(each.SerializeToString() for each in messages)
    assert (b"Sign out" in raw) != (b"Password" in raw)
    return b"Sign out" in raw


def memory(server: Server) -> float:
    """MB that the process has in memory."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1]) / 1024


def refused(status: int, server: Server, token: str = "", **how: str) -> None:
    with pytest.raises(InvalidStatus) as answer, websocket(server, token, **how):
        pass
    assert answer.value.response.status_code == status


# --- host, origin, path ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/_stcore/host-config", "/metrics", "/api/mail/view/x", "/_stcore/upload_file/a/b"]
)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "evil.example."]
)
def test_a_name_that_is_not_ours_is_refused_with_the_setting_s_name(server: Server, path: str, host: str) -> None:
    with browser(server, Host=host) as client:
        answer = client.get(path)
    assert answer.status_code == 400
    assert "PUBLIC_URL" in answer.text


@pytest.mark.parametrize(
    "host", ["localhost:1", "127.0.0.1", "SHOP.EXAMPLE.COM.", "shop.example.com:443", "[::1]:8501"]
)
def test_our_names_are_answered_in_every_form(server: Server, host: str) -> None:
    with browser(server, Host=host) as client:
        assert client.get("/").status_code == 200


def test_a_proxy_may_put_another_name_into_host(server: Server) -> None:
    with websocket(server, origin=PUBLIC) as visitor:
        assert not is_signed_in(ask(visitor))


@pytest.mark.parametrize("path", ["/api/health", "/api/ready", "/_stcore/health"])
def test_a_load_balancer_may_ask_for_health_by_any_name(server: Server, path: str) -> None:
    with browser(server, Host="10.9.8.7") as client:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        *("/_stcore/metrics", "/_stcore/metrics/", "/%5Fstcore/metrics", "/_stcore%2Fmetrics", "/_stcore/m%65trics"),
        *(
            "/_STCORE/METRICS",
            "//_stcore/metrics",
            "/x/_stcore/metrics",
            "/_stcore/agent/mcp",
            "/_stcore/agent/interact",
        ),
        *("/_stcore/agent/openapi.json", "/_stcore/script-health-check", "/_stcore/", "/_stcore", "/_stcore//metrics"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_streamlit_s_own_addresses_are_closed_but_for_what_pages_need(server: Server, path: str, method: str) -> None:
    with browser(server) as client:
        answer = client.request(method, server.url(path))
    assert answer.status_code == 404
    assert "session" not in answer.text


def test_methods_that_nobody_uses_are_refused(server: Server) -> None:
    with browser(server) as client:
        assert {client.request(method, "/").status_code for method in ("TRACE", "PROPFIND", "CONNECT")} == {405}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost:1", "http://shop.example.com.evil.example"]
)
def test_pages_of_others_reach_nothing_and_cost_nothing(
    server: Server, outside: _Outside, tokens: dict[str, str], origin: str
) -> None:
    before = outside.asked
    refused(403, server, tokens["ada"], origin=origin)
    with browser(server, tokens["ada"], Origin=origin) as client:
        assert client.put("/_stcore/upload_file/a/b").status_code == 403
        assert client.get("/_stcore/host-config").status_code == 403
        assert client.post("/session-cookie", content=tokens["ada"]).status_code == 403
        assert client.post("/").status_code == 403
    # Streamlit asks a server on the internet for our address before it refuses a foreign origin itself.
    assert outside.asked == before


def test_forms_of_pages_that_emails_lead_to_may_come_from_anywhere(server: Server) -> None:
    with browser(server, Origin="null") as client:
        assert client.post("/api/mail/unsubscribe/wrong").status_code in (404, 410)


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/_stcore/metrics", "/api/health", "/_stcore/stream/x"])
def test_websockets_are_taken_at_one_address(server: Server, path: str) -> None:
    refused(404, server, path=path)


# --- sessions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["", "ben", "forged"])
def test_the_id_of_a_session_signs_nobody_in(server: Server, tokens: dict[str, str], whose: str) -> None:
    with websocket(server, tokens["ada"]) as own:
        first = ask(own)
        assert is_signed_in(first)
        token = tokens.get(whose, tokens["ada"][:-4] + "AAAA" if whose else "")
        with websocket(server, token, session=session_id(first)) as other:
            seen = ask(other)
        assert is_signed_in(seen) is (whose == "ben")
        assert session_id(seen) != session_id(first)
        assert is_signed_in(ask(own)), "whoever was there goes on undisturbed"


def test_a_lost_connection_goes_on_with_its_session_and_its_cookie(server: Server, tokens: dict[str, str]) -> None:
    with websocket(server, tokens["ada"]) as own:
        first = ask(own)
    with websocket(server, tokens["ada"], session=session_id(first)) as again:
        seen = ask(again)
    assert is_signed_in(seen)
    assert session_id(seen) == session_id(first)


def test_a_session_of_nobody_can_be_gone_on_with(server: Server) -> None:
    with websocket(server) as visitor:
        first = ask(visitor)
    with websocket(server, session=session_id(first)) as again:
        assert session_id(ask(again)) == session_id(first)


@pytest.mark.parametrize("message", [BackMsg(set_run_on_save=True), BackMsg(load_git_info=True)])
def test_messages_for_developers_change_nothing(server: Server, tokens: dict[str, str], message: BackMsg) -> None:
    with websocket(server, tokens["ada"]) as own:
        ask(own)
        own.send(message.SerializeToString())
        answers = ask(own)
    assert not any(each.HasField("git_info_changed") for each in answers)
    assert not any(each.session_status_changed.run_on_save for each in answers)


# --- the cookie --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("origin", "secure"), [("", False), (PUBLIC, True)])
def test_the_server_sets_the_cookie_where_no_script_reads_it(
    server: Server, tokens: dict[str, str], origin: str, secure: bool
) -> None:
    with browser(server, Origin=origin or server.url("")) as client:
        answer = client.post("/session-cookie", content=tokens["ada"])
    assert answer.status_code == 204
    parts = answer.headers["set-cookie"].lower().split("; ")
    assert parts[0] == f"{COOKIE_NAME}={tokens['ada']}".lower()
    assert {"httponly", "samesite=strict", "path=/"} <= set(parts)
    assert ("secure" in parts) is secure


def test_the_cookie_goes_when_somebody_signs_out(server: Server) -> None:
    with browser(server, Origin=server.url("")) as client:
        assert "max-age=0" in client.post("/session-cookie").headers["set-cookie"].lower()


@pytest.mark.parametrize("value", ["x", "a.b.c", "€" * 3, "x" * 5000])
def test_a_value_that_signs_nobody_in_becomes_no_cookie(server: Server, value: str) -> None:
    with browser(server, Origin=server.url("")) as client:
        answer = client.post("/session-cookie", content=value.encode())
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_request_without_an_origin_sets_no_cookie(server: Server, tokens: dict[str, str]) -> None:
    with browser(server) as client:
        assert client.post("/session-cookie", content=tokens["ada"]).status_code == 405
        assert client.get("/session-cookie").status_code == 405


def test_every_cookie_is_for_https_alone_behind_a_proxy_that_speaks_it(server: Server) -> None:
    with browser(server, Host="shop.example.com") as client:
        cookies = client.get("/_stcore/health").headers.get_list("set-cookie")
    assert cookies
    assert all("; Secure" in cookie for cookie in cookies)


# --- uploads -----------------------------------------------------------------------------------------------------


def upload(server: Server, session: str, token: str, size: int, name: str = "f1", method: str = "PUT") -> int:
    with browser(server, token) as client:
        xsrf = client.get("/_stcore/health").cookies["_streamlit_xsrf"]
        client.headers["X-Xsrftoken"] = xsrf
        files = {"file": ("orders.csv", b"x" * size, "text/csv")}
        return client.request(method, f"/_stcore/upload_file/{session}/{name}", files=files).status_code


def test_a_member_uploads_into_their_own_session_alone(server: Server, tokens: dict[str, str]) -> None:
    with websocket(server, tokens["ada"]) as own:
        session = session_id(ask(own))
        assert upload(server, session, tokens["ada"], 2 * MB) == 204
        assert upload(server, session, tokens["ben"], MB) == 403
        assert upload(server, session, "", MB) == 403
        assert upload(server, "", tokens["ada"], MB) in (403, 404)
        assert upload(server, session, "", 0, method="DELETE") == 403
        assert upload(server, session, tokens["ben"], 0, method="DELETE") == 403
        assert upload(server, session, tokens["ada"], 0, method="DELETE") == 204


def test_an_upload_says_how_long_it_is_and_keeps_to_the_quota(server: Server, tokens: dict[str, str]) -> None:
    with websocket(server, tokens["ada"]) as own, browser(server, tokens["ada"]) as client:
        path = f"/_stcore/upload_file/{session_id(ask(own))}/f1"
        assert client.put(path, content=iter([b"x"])).status_code == 411
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE_NAME}={tokens['ada']}\r\n"
            raw.sendall(f"{head}Content-Length: {700 * MB}\r\n\r\n".encode())
            assert raw.recv(4096).startswith(b"HTTP/1.1 413")


# --- floods ------------------------------------------------------------------------------------------------------


def test_a_flood_of_a_stranger_changes_neither_memory_nor_a_manager_s_page(
    server: Server, tokens: dict[str, str]
) -> None:
    """300 idle websockets, 300 idle sockets, and 15 uploads of 20 MB."""
    with websocket(server, tokens["ada"]) as manager:
        session = session_id(ask(manager))
        usual = _page_seconds(manager)
        before = memory(server)
        with contextlib.ExitStack() as strangers:
            for _ in range(300):
                strangers.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            for _ in range(300):
                with contextlib.suppress(InvalidStatus):
                    strangers.callback(websocket(server).socket.close)
            uploads = [threading.Thread(target=_flood, args=(server, session)) for _ in range(15)]
            for each in uploads:
                each.start()
            during = [_page_seconds(manager) for _ in range(10)]
            for each in uploads:
                each.join(60)
            after = memory(server)
            assert is_signed_in(ask(manager))
            with websocket(server) as visitor:
                assert not is_signed_in(ask(visitor)), "the next honest visitor still sees the sign-in"
        page = f"page {usual * 1000:.0f} ms, during the flood {max(during) * 1000:.0f} ms at most"
        sys.stdout.write(f"{page}; memory {before:.0f} MB, then {after:.0f} MB\n")
    assert after - before < 25
    assert max(during) < STALL


def _page_seconds(connection: ClientConnection) -> float:
    began = time.perf_counter()
    ask(connection)
    return time.perf_counter() - began


def _flood(server: Server, session: str) -> None:
    with contextlib.suppress(httpx.HTTPError):
        assert upload(server, session, "", 20 * MB) == 403


def test_sockets_and_websockets_that_say_nothing_are_closed(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=15) as idle, websocket(server) as silent:
        with socket.create_connection(("127.0.0.1", server.port), timeout=15) as dripping:
            dripping.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
            assert idle.recv(1) == b""
            with contextlib.suppress(ConnectionResetError):
                assert dripping.recv(1) == b""
        with pytest.raises(ConnectionClosed):
            silent.recv(20)


def test_a_message_larger_than_any_page_s_ends_the_connection(server: Server, tokens: dict[str, str]) -> None:
    with websocket(server, tokens["ada"]) as manager:
        with contextlib.suppress(ConnectionClosed):
            manager.send(b"\x00" * (5 * MB))
        with pytest.raises(ConnectionClosed):
            manager.recv(10)


def test_twenty_pages_reloaded_at_once_are_no_flood(server: Server) -> None:
    for _ in range(3):
        with contextlib.ExitStack() as tabs:
            assert not any(is_signed_in(ask(tabs.enter_context(websocket(server)))) for _ in range(20))


def test_whoever_says_too_much_before_sign_in_is_sent_away(server: Server) -> None:
    """The last test here: this address may say nothing more for a minute."""
    with websocket(server) as visitor:
        for _ in range(700):
            with contextlib.suppress(ConnectionClosed):
                visitor.send(BackMsg(app_heartbeat=True).SerializeToString())
        with pytest.raises(ConnectionClosed):
            _hear_out(visitor)


def _hear_out(connection: ClientConnection) -> None:
    while True:
        connection.recv(10)
