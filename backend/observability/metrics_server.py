"""Serves the metrics of a process that has no server of its own, the worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from backend.domain.network import Origin, origin_of
from backend.errors import ConfigurationError
from backend.observability.metrics import CONTENT_TYPE, Metrics, may_read

_TIMEOUT = 10


@contextmanager
def serving(metrics: Metrics, host: str, port: int, token: str) -> Iterator[int]:
    """Answers at /metrics until the end; gives the port (0 takes a free one).

    Without a token it listens on this machine only, and ignores `host`. Raises: `ConfigurationError`.
    """
    address = (host if token else "127.0.0.1", port)
    try:
        server = ThreadingHTTPServer(address, _handler(metrics, token))
    except OSError as error:
        raise ConfigurationError(f"The metrics cannot be served on port {port}: {error.strerror or error}.") from error
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def _handler(metrics: Metrics, token: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _TIMEOUT

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(404)
            elif not may_read(token, self.headers.get("Authorization", ""), self._origin()):
                self.send_error(403)
            else:
                self._answer(metrics.text())

        def _origin(self) -> Origin:
            return origin_of(str(self.client_address[0]), self.headers.items(), "")

        def _answer(self, text: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """Scrapes come every few seconds; they are not logged."""

    return Handler
