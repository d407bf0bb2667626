"""Whether the server lives and can work is said in time, also while the store or all threads hang."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from backend.api import app as api
from backend.api.app import create_app
from backend.services.context import Shop
from tests.support import in_own_loop, shop_on


@pytest.fixture
def hang() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_a_store_that_hangs_makes_the_server_not_ready_and_leaves_it_healthy(
    hang: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "READY_SECONDS", 0.1)
    app = create_app(lambda: shop_on(Hanging(hang)))

    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
            answers = await asyncio.gather(*(client.get("/ready") for _ in range(10)), client.get("/health"))
            return [answer.status_code for answer in answers]

    began = time.monotonic()
    assert in_own_loop(ask) == [503] * 10 + [200]
    assert time.monotonic() - began < 5


def test_the_server_is_ready_when_the_store_answers(shop: Shop) -> None:
    app = create_app(lambda: shop)

    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
            return (await client.get("/ready")).status_code

    assert in_own_loop(ask) == 200


def test_a_server_that_ends_is_not_ready_and_lives(shop: Shop) -> None:
    stop = threading.Event()
    app = create_app(lambda: shop, ending=stop.is_set)

    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
            return [(await client.get(path)).status_code for path in ("/ready", "/health")]

    assert in_own_loop(ask) == [200, 200]
    stop.set()
    assert in_own_loop(ask) == [503, 200]


class Hanging:
    """A store that does not answer."""

    def __init__(self, released: threading.Event) -> None:
        self._released = released

    def get(self, key: object) -> None:
        self._released.wait(30)
