"""What processes used and how long things took is added up in the store, once."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backend.errors import StoreUnreachableError
from backend.observability.measures import Measures
from backend.services.context import Shop
from backend.services.system.usage import SavedUsage, durations_between, save_usage, sum_of, usage_by_day
from backend.store.meter import Meter, Usage, access_pattern
from tests.support import NOW, TestClock

TODAY = date(2026, 11, 26)


def worked(meter: Meter, pattern: str = "page orders", *, reads: float = 1.5, writes: float = 2.0) -> None:
    with access_pattern(pattern):
        meter.add(read_units=reads)
        meter.add(write_units=writes)


def test_use_is_added_by_day_and_pattern_and_never_twice(shop: Shop, clock: TestClock) -> None:
    saved = SavedUsage(Meter(), Measures())
    worked(saved.meter)
    saved.meter.throttle()
    save_usage(shop, saved)
    save_usage(shop, saved)
    worked(saved.meter)
    clock.forward(days=1)
    save_usage(shop, saved)
    first, second = usage_by_day(shop, "2026-11")
    assert (first.day, second.day) == (TODAY, TODAY + timedelta(days=1))
    assert first.patterns == {"page orders": Usage(2, 1.5, 2.0), "other": Usage(0, 0, 0, 1)}
    assert second.total == Usage(2, 1.5, 2.0)
    assert usage_by_day(shop, "2026-10") == []


def test_several_processes_add_to_the_same_day(shop: Shop) -> None:
    for _ in range(3):
        saved = SavedUsage(Meter(), Measures())
        worked(saved.meter, reads=0.5)
        save_usage(shop, saved)
    (day,) = usage_by_day(shop, "2026-11")
    assert day.total == Usage(6, 1.5, 6.0)


def test_what_may_have_been_written_is_not_added_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = SavedUsage(Meter(), Measures())
    worked(saved.meter)
    with monkeypatch.context() as patched:
        real = shop.store.update

        def lost(update: object) -> None:
            real(update)
            raise StoreUnreachableError("No answer.")

        patched.setattr(shop.store, "update", lost)
        with pytest.raises(StoreUnreachableError):
            save_usage(shop, saved)
    save_usage(shop, saved)
    assert usage_by_day(shop, "2026-11")[0].total == Usage(2, 1.5, 2.0)


def test_patterns_are_bounded(shop: Shop) -> None:
    saved = SavedUsage(Meter(), Measures())
    for number in range(300):
        worked(saved.meter, f"pattern {number}")
    save_usage(shop, saved)
    (day,) = usage_by_day(shop, "2026-11")
    assert len(day.patterns) <= 81
    assert day.total.requests == 600


def test_durations_come_back_as_they_were_counted(shop: Shop, clock: TestClock) -> None:
    saved = SavedUsage(Meter(), Measures())
    for milliseconds in (3, 30, 300, 30000):
        saved.measures.action("page overview", milliseconds / 1000, failed=milliseconds > 100)
        saved.measures.action("api GET /u/{token}", milliseconds / 1000)
    save_usage(shop, saved)
    clock.forward(days=10)
    saved.measures.action("page overview", 0.001)
    save_usage(shop, saved)
    found = durations_between(shop, TODAY, TODAY)
    overview = found["page", "overview"]
    assert (overview.count, overview.within(40), overview.failed, overview.milliseconds) == (4, 2, 2, 30333)
    assert found["api", "GET /u/{token}"].count == 4
    assert durations_between(shop, TODAY, TODAY + timedelta(days=10))["page", "overview"].count == 5
    assert durations_between(shop, TODAY + timedelta(days=1), TODAY + timedelta(days=9)) == {}


def test_nothing_used_is_nothing_written(shop: Shop) -> None:
    save_usage(shop, SavedUsage(Meter(), Measures()))
    assert usage_by_day(shop, f"{NOW:%Y-%m}") == []
    assert sum_of([]) == Usage()
