"""Orders and webhooks over HTTP, beside a bare route of FastAPI that inserts one row, each in a process of its own."""

from __future__ import annotations

import http.client
import json
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.services.connections.intake import signature_of
from benchmarks.http_servers import SECRET
from benchmarks.results import Measurement, Rate

TARGET = 300.0
HOOKS_TARGET = 500.0
LONGEST = 100.0
"""Milliseconds for 95 of 100 orders."""
_CALLERS = 8
_WARM_UP = 50
_PEOPLE = 200
_WAY = "FastAPI and SQLAlchemy: the same body checked, one row inserted, durable; no totals, key, limit or idempotency"


@dataclass(frozen=True, slots=True)
class _Server:
    """`key` is that of the API, or the id of the connection."""

    port: int
    key: str

    def ask(self, path: str) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())


_Request = Callable[[_Server, str, int], tuple[str, bytes, dict[str, str]]]
"""Path, body and headers of a request, by its name and number."""


@dataclass(frozen=True, slots=True)
class _Result:
    rate: Rate
    p95: float


def measure(folder: Path, orders: int) -> Iterator[Measurement]:
    """Yields orders a second by the clock and by processor time of the server, and how long most of them took."""
    found = {kind: _measured(folder, kind, orders) for kind in ("bare", "api", "webhooks")}
    plain, ours, hooks = found["bare"], found["api"], found["webhooks"]
    what = f"orders over HTTP, {_CALLERS} callers at once"
    yield Measurement("http", what, ours.rate.clock, "orders/s", orders, plain.rate.clock, _WAY, TARGET)
    busy = f"{what}, for a second of the server's processor time"
    yield Measurement("http", busy, ours.rate.processor, "orders/s", orders, plain.rate.processor, _WAY)
    yield Measurement(
        "http", "95 of 100 of these orders are answered within", ours.p95, "ms", orders, plain.p95, _WAY, LONGEST
    )
    what = f"webhooks stored over HTTP, {_CALLERS} callers at once"
    yield Measurement("http", what, hooks.rate.clock, "webhooks/s", orders, plain.rate.clock, _WAY, HOOKS_TARGET)
    busy = f"{what}, for a second of the server's processor time"
    yield Measurement("http", busy, hooks.rate.processor, "webhooks/s", orders, plain.rate.processor, _WAY)


def _measured(folder: Path, kind: str, orders: int) -> _Result:
    with _running(folder, kind) as server:
        request = _webhook if kind == "webhooks" else _order
        _send(server, request, _WARM_UP, "warm-up")
        used, began = server.ask("/processor"), time.perf_counter()
        took = _send(server, request, orders, "order")
        seconds = time.perf_counter() - began
        busy = float(str(server.ask("/processor"))) - float(str(used))
        return _Result(Rate(orders / seconds, orders / busy), statistics.quantiles(took, n=20)[-1])


@contextmanager
def _running(folder: Path, kind: str) -> Iterator[_Server]:
    with TemporaryDirectory(dir=folder) as directory:
        command = [sys.executable, "-m", "benchmarks.http_servers", kind, directory]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own module
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            port, _, key = process.stdout.readline().strip().partition(" ")
            yield _Server(int(port), key)
        finally:
            process.terminate()
            process.wait()


def _send(server: _Server, request: _Request, orders: int, name: str) -> list[float]:
    """The milliseconds that each order took."""
    with ThreadPoolExecutor(_CALLERS) as pool:
        shares = [range(caller, orders, _CALLERS) for caller in range(_CALLERS)]
        parts = pool.map(lambda numbers: _caller(server, request, numbers, name), shares)
        return [each for part in parts for each in part]


def _caller(server: _Server, request: _Request, numbers: range, name: str) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    took = []
    for number in numbers:
        path, body, headers = request(server, name, number)
        began = time.perf_counter()
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status not in (200, 201):
            raise RuntimeError(f"It was answered with {answer.status}: {said[:200]!r}")
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return took


def _order(server: _Server, name: str, number: int) -> tuple[str, bytes, dict[str, str]]:
    headers = {"Authorization": f"Bearer {server.key}", "Idempotency-Key": f"{name}-{number}"}
    return "/api/v1/orders", _body(number), headers


def _webhook(server: _Server, name: str, number: int) -> tuple[str, bytes, dict[str, str]]:
    """Of the size that WooCommerce's have, with what no program can pack away."""
    body = json.dumps({"id": number, "note": secrets.token_hex(1300)}).encode()
    headers = {
        "X-WC-Webhook-Signature": signature_of(SECRET, body),
        "X-WC-Webhook-Topic": "order.created",
        "X-WC-Webhook-Delivery-ID": f"{name}-{number}",
    }
    return f"/api/hooks/woocommerce/{server.key}", body, headers


def _body(number: int) -> bytes:
    order = {
        "customer": {"name": f"Customer {number % _PEOPLE}", "email": f"c{number % _PEOPLE}@example.com"},
        "lines": [
            {"title": "Assam tea, 100 g", "quantity": 2, "unit_price": 1290, "sku": "TEA-1"},
            {"title": "Tea strainer", "quantity": 1, "unit_price": 890, "sku": "TEA-9"},
        ],
        "currency": "USD",
        "shipping": 590,
        "status": "paid",
    }
    return json.dumps(order).encode()
