"""Reaching web addresses: answers, redirects and silence of a server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backend.email.web import HttpWeb, Reached, Unreached


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/silent":
            self.server.released.wait(5)  # type: ignore[attr-defined]
        self.send_response({"/moved": 308, "/gone": 410}.get(self.path, 200))
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if form == b"List-Unsubscribe=One-Click" else 400)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to say."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.released = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.released.set()  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/moved", 308), ("/gone", 410)])
def test_every_answer_is_an_answer_and_redirects_are_not_followed(address: str, path: str, status: int) -> None:
    assert HttpWeb().ask(address + path) == Reached(status)


def test_a_form_is_posted(address: str) -> None:
    assert HttpWeb().ask(address, {"List-Unsubscribe": "One-Click"}) == Reached(200)
    assert HttpWeb().ask(address, {}) == Reached(400)


def test_silence_and_closed_doors_are_told_apart(address: str) -> None:
    assert HttpWeb(seconds=0.2).ask(f"{address}/silent") == Unreached("did not answer in time")
    assert HttpWeb().ask("http://127.0.0.1:1/") == Unreached("cannot be reached")
    assert HttpWeb().ask(address.replace("http:", "https:")) == Unreached("does not speak HTTPS")
    assert HttpWeb().ask("file:///etc/hosts") == Unreached("is no web address")
