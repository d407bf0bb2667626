"""Order intake over HTTP: the API beside a bare route of FastAPI that inserts one row, each in a process of its own."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.results import Measurement, Rate

TARGET = 300.0
LONGEST = 100.0
"""Milliseconds for 95 of 100 orders."""
_CALLERS = 8
_WARM_UP = 50
_PEOPLE = 200
_WAY = "FastAPI and SQLAlchemy: the same body checked, one row inserted, durable; no totals, key, limit or idempotency"


@dataclass(frozen=True, slots=True)
class _Server:
    port: int
    key: str

    def ask(self, path: str) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())


@dataclass(frozen=True, slots=True)
class _Result:
    rate: Rate
    p95: float


def measure(folder: Path, orders: int) -> Iterator[Measurement]:
    """Yields orders a second by the clock and by processor time of the server, and how long most of them took."""
    found = {kind: _measured(folder, kind, orders) for kind in ("bare", "api")}
    plain, ours = found["bare"], found["api"]
    what = f"orders over HTTP, {_CALLERS} callers at once"
    yield Measurement("http", what, ours.rate.clock, "orders/s", orders, plain.rate.clock, _WAY, TARGET)
    busy = f"{what}, for a second of the server's processor time"
    yield Measurement("http", busy, ours.rate.processor, "orders/s", orders, plain.rate.processor, _WAY)
    yield Measurement(
        "http", "95 of 100 of these orders are answered within", ours.p95, "ms", orders, plain.p95, _WAY, LONGEST
    )


def _measured(folder: Path, kind: str, orders: int) -> _Result:
    with _running(folder, kind) as server:
        _send(server, _WARM_UP, "warm-up")
        used, began = server.ask("/processor"), time.perf_counter()
        took = _send(server, orders, "order")
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


def _send(server: _Server, orders: int, name: str) -> list[float]:
    """The milliseconds that each order took."""
    with ThreadPoolExecutor(_CALLERS) as pool:
        parts = pool.map(lambda caller: _caller(server, range(caller, orders, _CALLERS), name), range(_CALLERS))
        return [each for part in parts for each in part]


def _caller(server: _Server, numbers: range, name: str) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    took = []
    for number in numbers:
        headers = {
            "Authorization": f"Bearer {server.key}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"{name}-{number}",
        }
        began = time.perf_counter()
        connection.request("POST", "/api/v1/orders", _body(number), headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"An order was answered with {answer.status}: {said[:200]!r}")
        took.append((time.perf_counter() - began) * 1000)
    connection.close()
    return took


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
