"""The shipped Caddyfile, in the real Caddy: websockets, whose address is believed, sizes, and what a restart costs."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue

import pytest

from backend.domain.network import origin_of
from tests.engines import free_port
from tests.infra.caddy import CADDYFILE, caddy
from tests.infra.files import program
from tests.server.client import tab
from tests.server.processes import whole_server

MEGABYTE = 1024 * 1024


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers that it got and the length of what came with them."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        left = length = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            chunk = self.rfile.read(min(left, MEGABYTE))
            if not chunk:
                return
            left -= len(chunk)
        body = json.dumps({"headers": self.headers.items(), "length": length}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def echo(port: int) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", port), Echo)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Caddy, with the echo behind it."""
    upstream = free_port()
    with echo(upstream), caddy(tmp_path_factory.mktemp("caddy"), upstream) as found:
        yield found


def ask(
    port: int, method: str = "GET", path: str = "/", size: int = 0, headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, bytes(size) if size else None, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_the_shipped_file_is_valid_and_formatted_as_it_is() -> None:
    validated = subprocess.run(
        [program("caddy"), "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert validated.returncode == 0, validated.stderr[-1000:]
    formatted = subprocess.run([program("caddy"), "fmt", str(CADDYFILE)], capture_output=True, text=True, check=False)
    assert formatted.stdout == CADDYFILE.read_text()


def test_a_visitor_cannot_choose_the_address_that_counts(port: int) -> None:
    lies = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    status, body = ask(port, headers=lies)
    headers = [(str(name), str(value)) for name, value in json.loads(body)["headers"]]
    got = {name.lower(): value for name, value in headers}
    assert status == 200
    assert (got["x-forwarded-for"], got["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert (got["host"], got["x-forwarded-host"]) == (f"127.0.0.1:{port}", f"127.0.0.1:{port}")
    origin = origin_of("127.0.0.1", headers, "127.0.0.1,::1")
    assert (origin.address, origin.by_unnamed_proxy, origin.on_this_machine) == ("127.0.0.1", False, False)


def test_uploads_may_be_large_and_other_requests_may_not(port: int) -> None:
    large = 17 * MEGABYTE
    status, body = ask(port, "PUT", "/_stcore/upload_file/session/file", large)
    assert (status, json.loads(body)["length"]) == (200, large)
    try:
        assert ask(port, "POST", "/api/ses/events", large)[0] in (413, 502)
    except (BrokenPipeError, ConnectionResetError):
        """Caddy has hung up in the middle, which says the same."""


def test_requests_wait_while_the_server_is_away(tmp_path: Path) -> None:
    upstream = free_port()
    answers: SimpleQueue[int] = SimpleQueue()

    def visit(method: str) -> None:
        answers.put(ask(port, method, size=10)[0])

    with caddy(tmp_path, upstream) as port:
        visits = [threading.Thread(target=visit, args=(method,)) for method in ("GET", "POST") * 5]
        for each in visits:
            each.start()
        time.sleep(1.0)
        assert answers.empty()
        with echo(upstream):
            for each in visits:
                each.join()
    assert [answers.get() for _ in visits] == [200] * len(visits)


def test_a_page_is_drawn_over_a_websocket_through_the_proxy(tmp_path: Path) -> None:
    with (
        whole_server(tmp_path, settings={"TRUSTED_PROXIES": "127.0.0.1,::1"}) as server,
        caddy(tmp_path, server.port) as port,
        tab(port) as browser,
    ):
        browser.open()
        assert browser.texts()
        assert "TRUSTED_PROXIES does not name" not in server.log
