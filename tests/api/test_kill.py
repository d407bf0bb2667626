"""The server is killed while orders and webhooks come in: nothing that was answered is lost, and each order is once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock

import httpx

from backend.domain.api_keys import Scope
from backend.services.api_keys.keys import create_key
from tests.api.intake_server import serve
from tests.api.v1_support import order
from tests.connections.door import Sender, apply_all
from tests.connections.payloads import shopify_order
from tests.connections.test_shopify import orders_of
from tests.forked import PROCESSES
from tests.recount import assert_totals_hold
from tests.support import ADMIN, NOW, TestClock, opened_shop

CALLERS = 6
EACH = 16
KILLS = (15, 40)
"""After so many answers a server is killed; the last one lives."""


@dataclass
class Callers:
    """What was sent and answered. `kill_at` answers are given at most before the server is killed."""

    requests: dict[str, httpx.Request]
    answers: dict[str, httpx.Response] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def send_all(self, port: int, server: BaseProcess, kill_at: int) -> None:
        names = list(self.requests)
        with ThreadPoolExecutor(CALLERS) as pool:
            done = [pool.submit(self._send, names[n::CALLERS], port, server, kill_at) for n in range(CALLERS)]
        for each in done:
            each.result()

    def _send(self, names: list[str], port: int, server: BaseProcess, kill_at: int) -> None:
        """Everything from the first, as a caller does that does not remember; until nobody answers."""
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            for name in names:
                request = self.requests[name]
                try:
                    answer = client.request("POST", request.url.path, content=request.content, headers=request.headers)
                except httpx.TransportError:
                    return
                self._note(name, answer)
                if len(self.answers) >= kill_at:
                    server.kill()

    def _note(self, name: str, answer: httpx.Response) -> None:
        assert answer.status_code in (200, 201), answer.text
        with self.lock:
            before = self.answers.setdefault(name, answer)
        if name.startswith("order"):
            assert before.json() == answer.json()


def test_each_order_that_was_answered_is_there_once_after_kills(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/tillpost.db"
    with opened_shop(url) as shop:
        key = create_key(shop, ADMIN, "Online shop", tuple(Scope)).text
        sender = Sender(shop)
    callers = Callers(requests_of(key, sender))
    kills = (*KILLS, len(callers.requests) + 1)
    for place, kill_at in enumerate(kills):
        # A claim is over after a minute, and then the next process takes the request on.
        with running(url, place) as (port, server):
            callers.send_all(port, server, kill_at)
            if kill_at != kills[-1]:
                server.join(30)
                assert server.exitcode == -9
    assert callers.answers.keys() == callers.requests.keys()
    with opened_shop(url, clock=TestClock(NOW + timedelta(hours=1))) as shop:
        apply_all(shop)
        found = orders_of(shop)
        by_api = [each for each in found.values() if each.source == "api"]
        ids = {f"{each.customer_id}-{each.id}" for each in by_api}
        answered = [answer.json()["id"] for name, answer in callers.answers.items() if name.startswith("order")]
        assert len(by_api) == len(answered) == len(set(answered))
        assert ids == set(answered)
        assert {name for name, each in found.items() if each.source == "shopify"} == {
            f"#{number}" for number in range(1000, 1000 + CALLERS * EACH // 2)
        }
        assert_totals_hold(shop)


def requests_of(key: str, sender: Sender) -> dict[str, httpx.Request]:
    """Orders by the API, every fifth of a new customer, and webhooks, in turn."""
    found = {}
    for number in range(CALLERS * EACH // 2):
        who = number if number % 5 == 0 else number % 7
        body = order(100 + number, customer={"name": "Maria Lopez", "email": f"maria{who}@example.com"})
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": f"order-{number}"}
        found[f"order-{number}"] = httpx.Request("POST", "http://testserver/v1/orders", json=body, headers=headers)
        hook = sender.request("orders/create", shopify_order(1000 + number), id=f"hook-{number}")
        found[f"hook-{number}"] = hook
    return found


@contextmanager
def running(url: str, place: int) -> Iterator[tuple[int, BaseProcess]]:
    here, there = PROCESSES.Pipe()
    process = PROCESSES.Process(target=serve, args=(url, NOW + timedelta(minutes=2 * place), there))
    process.start()
    try:
        assert here.poll(60)
        yield here.recv(), process
    finally:
        process.kill()
        process.join()
