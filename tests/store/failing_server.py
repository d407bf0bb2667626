"""A server on loopback that speaks just enough of DynamoDB's protocol to fail as DynamoDB can."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias
from zlib import crc32

_ERROR = "com.amazonaws.dynamodb.v20120810#"


@dataclass(frozen=True)
class Reply:
    """An answer; one with status 200 means that the request has its effect."""

    status: int = 200
    body: Mapping[str, Any] = field(default_factory=dict)


class Silence:
    """The request has its effect, and no answer ever comes."""


class HangUp:
    """The request has its effect, and the connection is closed instead of an answer."""


class CutOff:
    """The request has its effect, and the connection breaks in the middle of the answer."""


class Corrupted:
    """The request has its effect, and the answer is not the one that its checksum was made of."""


class Drip:
    """The request has its effect, and the answer comes a byte at a time, and never to its end."""


Behaviour: TypeAlias = Reply | Silence | HangUp | CutOff | Corrupted | Drip


def refused(code: str, message: str = "", status: int = 400) -> Reply:
    """An error as DynamoDB answers it."""
    return Reply(status, {"__type": f"{_ERROR}{code}", "message": message})


def cancelled(*codes: str) -> Reply:
    """A cancelled transaction with a reason for each of its writes."""
    reasons = [{"Code": code, "Message": code} if code != "None" else {"Code": code} for code in codes]
    body = {"__type": f"{_ERROR}TransactionCanceledException", "message": "cancelled", "CancellationReasons": reasons}
    return Reply(400, body)


class FailingServer:
    """Answers the requests in turn as it is told, and after that always with success.

    `received` are all requests (operation and body) and `effects` those that it carried out, a transaction with the
    token of an earlier one not again.
    """

    def __init__(self) -> None:
        self.address = ""
        self._lock = threading.Lock()
        self.ended = threading.Event()
        self.begin_again()

    def begin_again(self) -> None:
        """Forgets everything, and lets go of those who still wait in silence."""
        self.ended.set()
        self.ended = threading.Event()
        self.script: list[Behaviour] = []
        self.always: Behaviour = Reply()
        self.received: list[tuple[str, dict[str, Any]]] = []
        self.effects: list[dict[str, Any]] = []
        self._tokens: set[str] = set()

    def then(self, *behaviours: Behaviour) -> None:
        """What the next requests meet."""
        self.script += behaviours

    def meet(self, operation: str, body: dict[str, Any]) -> Behaviour:
        """What this request meets; carries it out where that belongs to it."""
        with self._lock:
            self.received.append((operation, body))
            behaviour = self.script.pop(0) if self.script else self.always
            if not isinstance(behaviour, Reply) or behaviour.status == 200:
                self._carry_out(body)
            return behaviour

    def _carry_out(self, body: dict[str, Any]) -> None:
        token = body.get("ClientRequestToken")
        if token is None or token not in self._tokens:
            self.effects.append(body)
        if token is not None:
            self._tokens.add(token)


@contextmanager
def failing_server() -> Iterator[FailingServer]:
    """A server that runs until the end of the block."""
    script = FailingServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            ended = script.ended
            behaviour = script.meet(operation, body)
            match behaviour:
                case Reply(status, answer):
                    self._answer(status, json.dumps(answer).encode())
                case CutOff():
                    self._answer(200, b'{"Attributes": {"n": {"N"', announced=100)
                    self.close_connection = True
                case Corrupted():
                    self._answer(200, b"{}", checksum=1)
                case Silence():
                    ended.wait(30)
                    self.close_connection = True
                case Drip():
                    self._answer(200, b"{", announced=100_000)
                    with contextlib.suppress(OSError):
                        while not ended.wait(0.05):
                            self.wfile.write(b" ")
                    self.close_connection = True
                case HangUp():
                    self.close_connection = True

        def _answer(self, status: int, answer: bytes, announced: int = 0, checksum: int = 0) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(announced or len(answer)))
            self.send_header("x-amz-crc32", str(checksum or crc32(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Tests have their own words for what goes wrong."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        # Room for all threads of a store that connect in the same moment.
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    script.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield script
    finally:
        script.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
