"""In maintenance nobody changes anything: requests that write are refused, workers begin nothing, pages say why."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest

from backend.api import create_app
from backend.errors import InvalidInputError, PermissionDeniedError
from backend.services.context import Shop
from backend.services.system import maintenance
from backend.services.system.maintenance import LOOK_SECONDS, WATCH, Watch
from backend.store import schema
from backend.store.port import Put
from backend.workers import duties, loop
from tests.support import ENGINEER, STAFF, in_own_loop


@pytest.fixture(autouse=True)
def nobody_maintains() -> Iterator[None]:
    yield
    WATCH.now = None


def test_it_begins_and_ends_and_each_process_sees_it_within_seconds(shop: Shop) -> None:
    times = [0.0]
    watch = Watch(lambda: times[0])
    assert not watch.look(shop)
    maintenance.begin(shop, ENGINEER, "Back at 22:00.")
    assert not watch.look(shop)
    times[0] += LOOK_SECONDS
    assert watch.look(shop)
    assert watch.now is not None
    assert watch.now.reason == "Back at 22:00."
    maintenance.end(shop, ENGINEER)
    times[0] += LOOK_SECONDS
    assert not watch.look(shop)


def test_only_those_who_look_after_the_system_switch_it_and_they_say_why(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        maintenance.begin(shop, STAFF, "For fun.")
    with pytest.raises(InvalidInputError):
        maintenance.begin(shop, ENGINEER, " ")
    with pytest.raises(PermissionDeniedError):
        maintenance.end(shop, STAFF)


def test_a_damaged_marker_does_not_close_the_shop(shop: Shop) -> None:
    shop.store.put(Put(schema.meta_key("maintenance"), {"reason": 7}))
    assert maintenance.current(shop) is None


def test_requests_that_write_are_refused_and_others_answered(shop: Shop) -> None:
    app = create_app(lambda: shop)

    def asked(method: str, path: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as client:
                return await client.request(method, path)

        return in_own_loop(ask)

    assert asked("POST", "/ses/events").status_code == 400
    maintenance.begin(shop, ENGINEER, "Back at 22:00.")
    WATCH.now = maintenance.current(shop)
    refused = asked("POST", "/ses/events")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "120")
    assert "Back at 22:00." in refused.json()["detail"]
    assert [asked("GET", path).status_code for path in ("/health", "/ready")] == [200, 200]


def test_workers_begin_nothing_while_it_lasts_but_the_heartbeat() -> None:
    assert [duty.name for duty in duties.DUTIES if duty.goes_on] == ["heartbeat"]
    stop, held, done = threading.Event(), [True, True, False], []

    class Busy(loop.Work):
        def rest(self, seconds: float, stop: threading.Event) -> None:
            done.append(seconds)

    def work() -> float:
        stop.set()
        return 1.0

    def is_held() -> bool:
        return held.pop(0)

    waits: list[float] = []
    stop.wait = lambda timeout=None: bool(waits.append(timeout or 0.0))  # type: ignore[method-assign]
    loop.keep_working("something", lambda: Busy(work), stop, None, is_held)
    assert (waits, done) == ([LOOK_SECONDS, LOOK_SECONDS], [1.0])
