"""Processes say that they live; what they do not say any more is seen."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from backend.config import Settings
from backend.domain.health import DutyBeat, State, worst
from backend.domain.time import utc_now
from backend.errors import PermissionDeniedError, StoreBusyError
from backend.observability.measures import Measures
from backend.observability.ring import LogRecord, Ring
from backend.observability.rounds import Rounds
from backend.services.context import Shop
from backend.services.system import heartbeats
from backend.services.system.heartbeats import BeatingProcess
from backend.services.system.installation import version
from backend.store import schema
from backend.store.meter import Meter
from backend.store.port import EXPIRES
from backend.workers import duties, loop
from tests.support import ENGINEER, NOW, STAFF, TestClock, opened_shop, shop_on


def pulse(shop: Shop, rounds: Rounds | None = None, **more: object) -> BeatingProcess:
    return BeatingProcess("worker", "1.0", shop.clock(), Measures(), rounds or Rounds(shop.clock), Ring(), **more)


def test_a_beat_says_what_the_process_does(shop: Shop, clock: TestClock) -> None:
    rounds = Rounds(clock)
    rounds.announce("mail", 60)
    rounds.announce("imports", 3600)
    with pytest.raises(StoreBusyError), rounds.round("mail"):
        raise StoreBusyError("Busy.")
    mine = pulse(shop, rounds)
    mine.ring.add(LogRecord(NOW, "ERROR", "Incident 12345678", "page orders"))
    mine.measures.action("page orders", 0.1, failed=True)
    heartbeats.beat(shop, mine)
    (found,) = heartbeats.list_processes(shop, ENGINEER)
    assert found == mine.now(NOW)
    assert (found.actions, found.failed) == (1, 1)
    mail, imports = found.duties
    assert (mail.rounds, mail.trouble, mail.trouble_now) == (1, 1, True)
    assert (imports.rounds, imports.in_round) == (0, False)
    assert found.troubles[0].sentence == "Incident 12345678"


def test_only_who_may_see_the_system_reads_them(shop: Shop) -> None:
    with pytest.raises(PermissionDeniedError):
        heartbeats.list_processes(shop, STAFF)


def test_a_silent_process_is_seen_and_later_forgotten(shop: Shop, clock: TestClock) -> None:
    heartbeats.beat(shop, pulse(shop))
    (found,) = heartbeats.read_beats(shop)
    assert not found.is_silent(clock())
    assert found.is_silent(clock.forward(seconds=46))
    clock.forward(minutes=14)
    assert len(heartbeats.read_beats(shop)) == 1
    clock.forward(minutes=1)
    assert heartbeats.read_beats(shop) == []


def test_a_beat_expires_by_itself(shop: Shop) -> None:
    mine = pulse(shop)
    heartbeats.beat(shop, mine)
    item = shop.store.get(schema.beat_key(mine.process))
    assert item is not None
    assert item[EXPIRES] == int((NOW + timedelta(minutes=15)).timestamp())


def test_a_process_that_ends_in_order_is_not_missed(shop: Shop) -> None:
    mine = pulse(shop)
    heartbeats.beat(shop, mine)
    heartbeats.end(shop, mine)
    assert heartbeats.read_beats(shop) == []


def test_a_duty_is_stalled_when_its_round_takes_longer_than_it_may(clock: TestClock) -> None:
    duty = DutyBeat("mail", 60.0, NOW).begun(NOW)
    assert duty.stalled_for(NOW + timedelta(seconds=60)) is None
    assert duty.stalled_for(NOW + timedelta(seconds=61)) == timedelta(seconds=61)
    assert duty.done(NOW + timedelta(seconds=99), trouble=False).stalled_for(NOW + timedelta(days=1)) is None


def test_clocks_that_differ_are_noticed_by_the_one_behind(shop: Shop) -> None:
    ahead, behind = TestClock(NOW + timedelta(seconds=5)), TestClock(NOW)
    first, second = shop_on(shop.store, clock=ahead), shop_on(shop.store, clock=behind)
    one, two = pulse(first), pulse(second)
    for _ in range(3):
        heartbeats.beat(first, one)
        heartbeats.beat(second, two)
        ahead.forward(seconds=10)
        behind.forward(seconds=10)
    skews = {each.process: each.skew_ms for each in heartbeats.read_beats(first)}
    assert skews == {one.process: 0, two.process: 5000}


def test_the_worst_part_decides_about_the_whole() -> None:
    assert worst([]) is State.UP
    assert worst([State.UP, State.UNUSED]) is State.UNUSED
    assert worst([State.DOWN, State.ATTENTION, State.UP]) is State.DOWN


def test_the_heartbeat_of_a_real_process_begins_goes_on_through_trouble_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duties, "BEAT_EVERY", timedelta(milliseconds=10))
    monkeypatch.setattr(loop, "AFTER_TROUBLE", 0.01)
    real = heartbeats.beat
    failed: list[int] = []

    def sometimes(shop: Shop, mine: BeatingProcess) -> None:
        if not failed:
            failed.append(1)
            raise StoreBusyError("Busy.")
        real(shop, mine)

    monkeypatch.setattr(heartbeats, "beat", sometimes)
    with opened_shop(f"sqlite:///{tmp_path}/shop.db", clock=utc_now) as shop:
        stop, rounds = threading.Event(), Rounds()
        thread = threading.Thread(
            target=loop.keep_working,
            args=("heartbeat", lambda: duties.Heartbeat(shop, Meter(), "worker", rounds), stop, rounds),
        )
        thread.start()
        assert _soon(lambda: len(heartbeats.read_beats(shop)) == 1)
        assert heartbeats.read_beats(shop)[0].version == version()
        stop.set()
        thread.join(10)
        assert heartbeats.read_beats(shop) == []
    (mine,) = rounds.duties()
    assert mine.trouble == 1


def test_every_duty_reports_its_rounds(shared_shop: Shop) -> None:
    stop, done = threading.Event(), threading.Event()

    def begin(place: loop.Workplace, stop: threading.Event) -> loop.Round:
        def work() -> float:
            done.set()
            raise StoreBusyError("Busy.")

        return work

    place = loop.Workplace(shared_shop, None, Settings())
    threads = loop.start(place, stop, [loop.in_rounds("something", begin, patience=7.0)])
    assert done.wait(10)
    stop.set()
    assert loop.join(threads, 10) == []
    (duty,) = place.rounds.duties()
    assert (duty.name, duty.patience, duty.trouble, duty.in_round) == ("something", 7.0, 1, False)


def _soon(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
