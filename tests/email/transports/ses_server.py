"""A stand-in for SES on loopback: it notes every request, and answers, keeps silent or breaks off as it is told."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACCOUNT = {
    "EnforcementStatus": "HEALTHY",
    "ProductionAccessEnabled": True,
    "SendingEnabled": True,
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 120.0},
}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Any
    headers: Mapping[str, str]
    connection: int
    """The client's port: the same for requests on one connection."""
    raw: bytes = b""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            self.command,
            self.path,
            json.loads(body) if body else None,
            dict(self.headers),
            self.client_address[1],
            body,
        )
        server = _server_of(self)
        server.requests.append(request)
        server.behave(self)

    def reply(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, (headers or {}).get(name, value))
        for name, value in (headers or {}).items():
            if name not in ("Content-Type", "Content-Length"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


Behaviour = Callable[[Handler], None]


def accepting(handler: Handler) -> None:
    """What SES does on a good day."""
    body = ACCOUNT if handler.command == "GET" else {"MessageId": f"ses-{len(_server_of(handler).requests)}"}
    handler.reply(200, json.dumps(body).encode())


def failing(status: int, code: str, message: str = "") -> Behaviour:
    """An error as SES words it."""
    body = json.dumps({"message": message}).encode()
    return lambda handler: handler.reply(status, body, {"x-amzn-ErrorType": code})


def saying(status: int, body: bytes, **headers: str) -> Behaviour:
    """Any reply, for what stands between here and SES."""
    return lambda handler: handler.reply(status, body, headers)


def silent(handler: Handler) -> None:
    """Takes the request and never answers."""
    _server_of(handler).released.wait(30)
    handler.close_connection = True


def dripping(handler: Handler) -> None:
    """Takes the request, and answers a byte at a time; no pause is long, and the answer never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    handler.close_connection = True
    try:
        while not _server_of(handler).released.wait(0.05):
            handler.wfile.write(b"x")
    except OSError:
        pass


def resetting(handler: Handler) -> None:
    """Takes the request and resets the connection."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def hanging_up(handler: Handler) -> None:
    """Takes the request and closes the connection without a word."""
    handler.close_connection = True


def breaking_off(handler: Handler) -> None:
    """Begins a reply and dies."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: application/json\r\n\r\n{")
    handler.close_connection = True


@dataclass
class SesServer:
    address: str = ""
    behave: Behaviour = accepting
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def submissions(self) -> list[Request]:
        return [request for request in self.requests if request.method == "POST"]


class _Http(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True
    ses: SesServer

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def _server_of(handler: Handler) -> SesServer:
    server = handler.server
    if not isinstance(server, _Http):
        raise TypeError
    return server.ses


@contextmanager
def ses_server(tls: ssl.SSLContext | None = None) -> Iterator[SesServer]:
    """A running stand-in on a port of its own."""
    http = _Http(("127.0.0.1", 0), Handler)
    if tls:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    http.ses = SesServer(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield http.ses
    finally:
        http.ses.released.set()
        http.shutdown()
        http.server_close()
        thread.join(10)
