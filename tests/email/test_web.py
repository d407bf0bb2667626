"""Reaching web addresses: answers, redirects and silence, and which addresses are never connected to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backend.domain.network import is_public
from backend.email import web
from backend.email.web import HttpWeb, Reach, Reached, Unreached


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/silent":
            self.server.released.wait(5)  # type: ignore[attr-defined]
        if self.path == "/dripping":
            self._drip()
        self.send_response({"/moved": 308, "/gone": 410}.get(self.path, 200))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(b"welcome")

    def _drip(self) -> None:
        """A byte of a header now and then, so that no single wait is ever long."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        with contextlib.suppress(OSError):
            while not self.server.released.wait(0.05):  # type: ignore[attr-defined]
                self.wfile.write(b"x")

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


def test_silence_and_closed_doors_are_distinguished(address: str) -> None:
    assert HttpWeb(seconds=0.2).ask(f"{address}/silent") == Unreached("did not answer in time")
    assert HttpWeb().ask("http://127.0.0.1:1/") == Unreached("cannot be reached")
    assert HttpWeb().ask(address.replace("http:", "https:")) == Unreached("does not speak HTTPS")
    assert HttpWeb().ask("file:///etc/hosts") == Unreached("is no web address")


def test_one_that_sends_a_byte_now_and_then_is_given_up_and_hung_up_on(address: str) -> None:
    began = time.monotonic()
    assert HttpWeb(seconds=0.3, kind="Dripping").ask(f"{address}/dripping") == Unreached("did not answer in time")
    assert time.monotonic() - began < 3
    for thread in [each for each in threading.enumerate() if each.name == "call Dripping"]:
        thread.join(5)
        assert not thread.is_alive()


def test_as_much_of_an_answer_is_read_as_is_wanted(address: str) -> None:
    answer = HttpWeb().request(f"{address}/", most=3)
    assert isinstance(answer, Reached)
    assert answer.body == b"wel"


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - nothing is bound here
        "10.1.2.3",
        "100.100.100.200",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "2002:a9fe:a9fe::",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "not an address",
    ],
)
def test_addresses_that_lead_elsewhere_than_to_the_public_internet_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "::ffff:93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_of_the_public_internet_are_public(address: str) -> None:
    assert is_public(address)


def test_only_the_addresses_that_may_be_reached_are_connected_to(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """A name may have several addresses, and give others when it is looked up again."""
    port = int(address.rpartition(":")[2])
    asked: list[object] = []

    def looked_up(host: str, *_: object, **__: object) -> list[object]:
        asked.append(host)
        places = ["64:ff9b::a9fe:a9fe", "127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port)) for place in places]

    monkeypatch.setattr(web.socket, "getaddrinfo", looked_up)
    url = f"http://rebound.example.com:{port}/"
    assert HttpWeb(reach=Reach.PUBLIC_OR_HERE).ask(url) == Reached(200)
    assert asked == ["rebound.example.com"]
    for reach in (Reach.PUBLIC_OR_HERE, Reach.PUBLIC):
        refused = HttpWeb(reach=reach).ask(url)
        assert refused == Unreached("is not at a public address")
        assert isinstance(refused, Unreached)
        assert refused.is_final


def test_no_proxy_of_the_environment_gets_past_the_check(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("http_proxy", address)
    monkeypatch.delenv("no_proxy", raising=False)
    assert HttpWeb().ask("http://hooks.example.com/") == Reached(200)
    assert HttpWeb(reach=Reach.PUBLIC).ask("http://127.0.0.1:9/") == Unreached("is not at a public address")
