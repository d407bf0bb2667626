"""Writers that wait are written together and share one commit; what one of them does wrong concerns nobody else."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import cast

import pytest

from backend.errors import (
    AlreadyExistsError,
    ConditionFailedError,
    ConflictError,
    DiskFullError,
    InvalidInputError,
    StoreBusyError,
)
from backend.store import sql_groups
from backend.store.port import Absent, AtLeast, Key, Plus, Put, Update
from backend.store.schema import MAIL, SHOP
from backend.store.sql import SqlStore
from backend.store.sql_groups import Job, Line

COUNTER = Key(SHOP, "P", "counter")


class Database:
    """Remembers groups. The first one lasts until it is let go."""

    def __init__(self, failure: Callable[[Sequence[Job]], Exception | None] = lambda _: None) -> None:
        self.groups: list[list[str]] = []
        self.entered, self.let_go = Event(), Event()
        self._failure = failure

    def write(self, jobs: Sequence[Job]) -> None:
        self.groups.append(names(jobs))
        if len(self.groups) == 1:
            self.entered.set()
            assert self.let_go.wait(30)
        if error := self._failure(jobs):
            raise error


def names(jobs: Sequence[Job]) -> list[str]:
    return [job.keys[0].sk for job in jobs]


def job(name: str, writes: int = 1) -> Job:
    return Job([[Put(Key(SHOP, "P", name), {}) for _ in range(writes)]], True)


def in_line(database: Database, jobs: Sequence[Job]) -> list[Exception | None]:
    """What became of the jobs, which came one after the other while the first one was being written."""
    line = Line(database.write)
    with ThreadPoolExecutor(len(jobs)) as pool:
        results = [pool.submit(line.run, jobs[0])]
        assert database.entered.wait(30)
        for waiting, each in enumerate(jobs[1:], 1):
            results.append(pool.submit(line.run, each))
            until(partial(_waits, line, waiting))
        database.let_go.set()
        errors = [result.exception() for result in results]
    assert all(isinstance(error, Exception | None) for error in errors)
    return [error if isinstance(error, Exception) else None for error in errors]


def test_who_comes_while_another_is_written_is_written_with_the_others_who_wait() -> None:
    database = Database()
    assert in_line(database, [job(name) for name in "abcdef"]) == [None] * 6
    assert database.groups == [["a"], ["b", "c", "d", "e", "f"]]


def test_a_large_one_goes_alone_and_nobody_is_overtaken() -> None:
    database = Database()
    assert in_line(database, [job("a"), job("b"), job("c", 5000), job("d"), job("e")]) == [None] * 5
    assert database.groups == [["a"], ["b"], ["c"], ["d", "e"]]


def test_when_one_cannot_be_written_at_all_the_others_are_written_without_it() -> None:
    database = Database(lambda jobs: ValueError("no") if "c" in names(jobs) else None)
    errors = in_line(database, [job(name) for name in "abcd"])
    assert [type(error) for error in errors] == [type(None), type(None), ValueError, type(None)]
    assert database.groups == [["a"], ["b", "c", "d"], ["b"], ["c"], ["d"]]


def test_when_the_disk_is_full_each_of_the_group_hears_of_it_and_nothing_is_tried_again() -> None:
    database = Database(lambda jobs: DiskFullError("full") if len(jobs) > 1 else None)
    errors = in_line(database, [job(name) for name in "abc"])
    assert [type(error) for error in errors] == [type(None), DiskFullError, DiskFullError]
    assert errors[1] is not errors[2]
    assert len(database.groups) == 2


def test_who_waits_too_long_is_not_written_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_groups, "TURN_SECONDS", 0.01)
    database = Database()
    line = Line(database.write)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(line.run, job("a"))
        assert database.entered.wait(30)
        with pytest.raises(StoreBusyError):
            line.run(job("b"))
        database.let_go.set()
        first.result()
    line.run(job("c"))
    assert database.groups == [["a"], ["c"]]


def test_in_a_group_each_transaction_is_decided_after_those_before_it(tmp_path: Path) -> None:
    """Another process holds SQLite's lock meanwhile, so all of them wait, the first one for the lock."""
    store = SqlStore(f"sqlite:///{tmp_path}/tillpost.db")
    store.create_tables()
    store.put(Put(COUNTER, {"n": 2}))
    taken = AlreadyExistsError("taken")
    writes: list[Callable[[], object]] = [
        lambda: store.transact([Update(COUNTER, add={"n": Plus(-1)}), Put(Key(MAIL, "P", "a"), {"n": 1}, Absent())]),
        lambda: store.update(Update(COUNTER, add={"n": Plus(-1)}, condition=AtLeast("n", 1))),
        lambda: store.update(
            Update(COUNTER, add={"n": Plus(-1)}, condition=AtLeast("n", 1), otherwise=ConflictError("spent"))
        ),
        lambda: store.transact([Put(Key(MAIL, "P", "b"), {}), Put(Key(MAIL, "P", "a"), {"n": 2}, Absent(), taken)]),
        lambda: store.transact_each([[Put(Key(MAIL, "P", "a"), {}, Absent())], [Put(Key(MAIL, "P", "c"), {})]]),
        lambda: store.put(Put(Key(MAIL, "P", "d"), {"n": 1.5})),  # type: ignore[dict-item]
    ]
    line = store._line
    assert line is not None
    other = sqlite3.connect(tmp_path / "tillpost.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(len(writes)) as pool:
        results = []
        for place, write in enumerate(writes):
            results.append(pool.submit(write))
            waiting = min(place, 4)
            until(partial(_waits, line, waiting))
        other.execute("ROLLBACK")
    errors = [result.exception() for result in results]
    assert [type(error) for error in errors[:4]] == [type(None), type(None), ConflictError, AlreadyExistsError]
    assert results[1].result() == {"n": 0}
    refused, written = cast(list[object], results[4].result())
    assert isinstance(refused, ConditionFailedError)
    assert written is None
    assert isinstance(errors[5], InvalidInputError)
    assert store.get(COUNTER) == {"n": 0}
    there = {key.sk for key in store.get_many([Key(MAIL, "P", name) for name in "abcd"])}
    assert there == {"a", "c"}
    other.close()
    store.close()


def _waits(line: Line, many: int) -> bool:
    return line._is_led and len(line._waiting) == many


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.001)
