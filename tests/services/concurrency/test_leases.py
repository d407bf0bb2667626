"""The contract of leases: on every engine, however a holder is known, with a clock that moves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count

import pytest

from backend.bootstrap import open_store
from backend.domain.leases import CLOCKS_DIFFER, Lease
from backend.domain.time import to_text
from backend.errors import UnreadableItemError
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.store import schema
from backend.store.port import Equals, Item, Plus, Store, Update
from backend.store.sql import SqlStore
from tests.support import TestClock, outcomes_of

LENGTH = timedelta(seconds=60)
INSTANT = timedelta(microseconds=1)
AHEAD = timedelta(minutes=10)
KEY = schema.meta_key("some-work")

BY_NAME = Leases(LENGTH, "Another worker has it.", holder="worker")
BY_VERSION = Leases(LENGTH, "Another worker has it.", holder="owner", version="version")
BY_END = Leases(LENGTH, "Another worker has it.", until="held_until")

_numbers = count(1)


@pytest.fixture(
    params=[
        pytest.param("sqlite-memory"),
        pytest.param("sqlite-file"),
        pytest.param("postgres", marks=pytest.mark.postgres),
        pytest.param("dynamodb-ministack", marks=pytest.mark.ministack),
    ]
)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    number = next(_numbers)
    store: Store
    match request.param:
        case "sqlite-memory":
            store = SqlStore("sqlite://")
        case "sqlite-file":
            store = SqlStore(f"sqlite:///{request.getfixturevalue('tmp_path')}/tillpost.db")
        case "postgres":
            store = SqlStore(request.getfixturevalue("postgres_url"), prefix=f"l{number}_")
        case _:
            address = request.getfixturevalue("ministack_address")
            store = open_store(f"dynamodb://l{os.getpid()}-{number}?endpoint={address}")
    store.create_tables()
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(params=[BY_NAME, BY_VERSION, BY_END], ids=["by-name", "by-version", "by-end"])
def leases(request: pytest.FixtureRequest) -> Leases:
    """However a holder is known."""
    found: Leases = request.param
    return found


class Worker:
    """Somebody who takes the one item of work there is, by a clock of their own."""

    def __init__(self, store: Store, leases: Leases, name: str, clock: TestClock) -> None:
        self.store, self.leases, self.name, self.clock = store, leases, name, clock
        self.mine = Lease()

    def seen(self) -> Lease:
        return self.leases.of(KEY, self.store.get(KEY) or {})

    def take(self, seen: Lease | None = None) -> bool:
        """Whether the item was free and is this worker's now; what is held too long is shortened instead."""
        seen = seen or self.seen()
        if not seen.is_free(self.clock()):
            shorter = self.leases.shorten(KEY, seen, self.clock())
            if shorter is not None:
                self.store.update(shorter)
            return False
        name = self.name if self.leases.holder else ""
        work = Equals("work", "here")
        update = self.leases.take(KEY, seen, self.clock(), name, where=work, add={"attempts": Plus(1)})
        self.mine = self.leases.of(KEY, self.store.update(update))
        return True

    def renew(self, done: int = 0) -> None:
        self._step(self.leases.renew(KEY, self.mine, self.clock(), set={"done": done}))

    def release(self) -> None:
        self._step(self.leases.release(KEY, self.mine, add={"attempts": Plus(-1)}))

    def finish(self) -> None:
        self._step(self.leases.release(KEY, self.mine, set={"result": "done"}, remove=("work",)))

    def _step(self, update: Update) -> None:
        self.mine = self.leases.of(KEY, self.store.update(update))


@pytest.fixture
def one(store: Store, leases: Leases, clock: TestClock) -> Worker:
    version: Item = {"version": 1} if leases.version else {}
    store.update(Update(KEY, set={"work": "here", **version}))
    return Worker(store, leases, "one", clock)


@pytest.fixture
def two(one: Worker) -> Worker:
    return Worker(one.store, one.leases, "two", one.clock)


def item_of(worker: Worker) -> Item:
    item = worker.store.get(KEY)
    assert item is not None
    return item


def lost(worker: Worker) -> bool:
    """Whether no step of the worker is possible any more, and none leaves a trace."""
    before = item_of(worker)
    for step in (partial(worker.renew, 99), worker.release, worker.finish):
        with pytest.raises(LeaseLostError, match="Another worker has it"):
            step()
    return item_of(worker) == before


def test_what_is_held_is_nobody_elses_until_its_time_is_over(one: Worker, two: Worker, clock: TestClock) -> None:
    assert one.take()
    assert not two.take()
    clock.now += LENGTH - INSTANT
    assert not two.take()
    clock.now += INSTANT
    assert two.take()
    assert item_of(two)["attempts"] == 2
    assert lost(one)


def test_a_holder_that_renews_keeps_it_for_ever(one: Worker, two: Worker, clock: TestClock) -> None:
    one.take()
    for done in range(1, 5):
        clock.now += LENGTH - INSTANT
        one.renew(done)
        assert not two.take()
    assert item_of(one)["done"] == 4


def test_a_holder_that_was_asleep_goes_on_when_nobody_came(one: Worker, two: Worker, clock: TestClock) -> None:
    one.take()
    clock.now += 5 * LENGTH
    one.renew(1)
    assert not two.take()
    assert item_of(one)["done"] == 1


def test_of_two_who_saw_it_free_one_gets_it(one: Worker, two: Worker, clock: TestClock) -> None:
    seen = two.seen()
    assert one.take()
    with pytest.raises(LeaseLostError):
        two.take(seen)
    left_behind = one.seen()
    clock.now += LENGTH
    assert two.take()
    with pytest.raises(LeaseLostError):
        one.take(left_behind)
    one.mine = left_behind
    assert lost(one)


def test_of_many_who_reach_for_it_at_once_one_gets_it(one: Worker) -> None:
    seen = one.seen()
    many = [Worker(one.store, one.leases, f"worker {n}", one.clock) for n in range(8)]
    outcomes = outcomes_of([partial(worker.take, seen) for worker in many])
    assert sorted(type(each).__name__ for each in outcomes) == [*["LeaseLostError"] * 7, "bool"]
    assert item_of(one)["attempts"] == 1


def test_a_worker_that_stops_hands_over_at_once(one: Worker, two: Worker, clock: TestClock) -> None:
    one.take()
    one.release()
    assert one.seen().is_free(clock())
    assert item_of(one)["attempts"] == 0
    assert two.take()
    assert lost(one)


def test_what_is_finished_has_no_lease_and_keeps_its_result(one: Worker, two: Worker) -> None:
    one.take()
    one.finish()
    kept = {"attempts": 1, "result": "done"} | ({"version": 3} if one.leases.version else {})
    assert item_of(one) == kept
    two.mine = replace(one.mine, until=one.clock() + LENGTH, holder="two", version=2)
    assert lost(two)


def test_who_saw_it_free_does_not_begin_what_is_finished(one: Worker, two: Worker) -> None:
    seen = two.seen()
    one.take()
    one.finish()
    with pytest.raises(LeaseLostError):
        two.take(seen)


def test_a_lease_that_makes_no_sense_is_named_with_its_item(one: Worker) -> None:
    for nonsense in (5, "soon", "2026-11-26T10:00:00"):
        with pytest.raises(UnreadableItemError) as caught:
            one.leases.of(KEY, {one.leases.until: nonsense})
        assert caught.value.key == KEY


def test_a_clock_that_is_ahead_holds_it_no_longer_than_others(one: Worker, two: Worker, clock: TestClock) -> None:
    ahead = Worker(one.store, one.leases, "ahead", TestClock(clock() + AHEAD))
    assert ahead.take()
    assert not two.take()
    assert two.seen().until == clock() + LENGTH
    clock.now += LENGTH - INSTANT
    assert not two.take()
    clock.now += INSTANT
    assert two.take()
    assert lost(ahead)


def test_a_holder_whose_clock_is_ahead_keeps_a_shortened_lease_by_renewing(
    one: Worker, two: Worker, clock: TestClock
) -> None:
    ahead = Worker(one.store, one.leases, "ahead", TestClock(clock() + AHEAD))
    ahead.take()
    two.take()
    if one.leases is BY_END:  # it is known by nothing but the end that it wrote
        assert lost(ahead)
        return
    ahead.renew(1)
    assert item_of(one)["done"] == 1
    assert not two.take()


def test_a_lease_is_not_shortened_that_was_renewed_meanwhile(one: Worker, two: Worker, clock: TestClock) -> None:
    ahead = Worker(one.store, one.leases, "ahead", TestClock(clock() + AHEAD))
    ahead.take()
    seen = two.seen()
    ahead.clock.now += INSTANT
    ahead.renew(1)
    renewed = item_of(ahead)
    with pytest.raises(LeaseLostError):
        two.take(seen)
    assert item_of(ahead) == renewed


def test_clocks_may_differ_a_little(one: Worker, two: Worker, clock: TestClock) -> None:
    ahead = Worker(one.store, one.leases, "ahead", TestClock(clock() + CLOCKS_DIFFER))
    ahead.take()
    assert not two.take()
    assert two.seen().until == clock() + CLOCKS_DIFFER + LENGTH


def test_a_clock_that_is_behind_gives_a_short_lease(one: Worker, two: Worker, clock: TestClock) -> None:
    behind = Worker(one.store, one.leases, "behind", TestClock(clock() - AHEAD))
    behind.take()
    assert two.take()
    assert lost(behind)


def test_it_is_stored_under_the_names_that_its_kind_has(one: Worker, clock: TestClock) -> None:
    one.take()
    until = to_text(clock() + LENGTH)
    stored: dict[Leases, Item] = {
        BY_NAME: {"lease_until": until, "worker": "one"},
        BY_VERSION: {"lease_until": until, "owner": "one", "version": 2},
        BY_END: {"held_until": until},
    }
    assert item_of(one) == {"work": "here", "attempts": 1, **stored[one.leases]}
