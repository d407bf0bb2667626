"""Refused writes leave nothing behind, however often the same write is refused."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from traceback import walk_tb

import pytest

from backend.errors import BackendError, EmailTakenError, InvalidInputError
from backend.store.port import Absent, Key, Put, Store, Update
from backend.store.schema import SHOP
from backend.store.sql import SqlStore

KEY = Key(SHOP, "P", "s")


@pytest.fixture
def sqlite() -> Iterator[Store]:
    store = SqlStore("sqlite://")
    store.create_tables()
    yield store
    store.close()


def refused(store: Store) -> Put:
    """A write whose condition never holds, as somebody would keep it: with its error."""
    store.put(Put(KEY, {"n": 1}))
    return Put(KEY, {"n": 2, "text": "x" * 1000}, Absent(), EmailTakenError("It is taken.", "C1"))


@contextmanager
def no_growth(most: int = 100_000) -> Iterator[None]:
    """Memory afterwards is what it was, but for `most` bytes; without the help of the garbage collector."""
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        yield
        assert tracemalloc.get_traced_memory()[0] - before < most
    finally:
        tracemalloc.stop()
        gc.enable()


WAYS: list[tuple[Callable[[Store, Put], object], int]] = [
    (lambda store, put: store.put(put), 10_000),
    (lambda store, put: store.transact([put, Update(Key(SHOP, "P", "other"), set={"n": 1})]), 2_000),
    (lambda store, put: store.transact_each([[put], [put]]), 2_000),
]


@pytest.mark.parametrize(("way", "times"), WAYS, ids=["put", "transact", "transact_each"])
def test_a_write_that_is_refused_thousands_of_times_takes_no_memory(
    sqlite: Store, way: Callable[[Store, Put], object], times: int
) -> None:
    put = refused(sqlite)
    for _ in range(100):
        with suppress(BackendError):
            way(sqlite, put)
    with no_growth():
        for _ in range(times):
            with suppress(BackendError):
                way(sqlite, put)


def test_each_refusal_is_a_new_error_that_says_the_same(store: Store) -> None:
    put = refused(store)
    raised: list[EmailTakenError] = []
    for _ in range(2):
        with pytest.raises(EmailTakenError) as refusal:
            store.put(put)
        raised.append(refusal.value)
    assert raised[0] is not raised[1]
    assert put.otherwise not in raised
    assert put.otherwise is not None
    assert put.otherwise.__traceback__ is None
    assert {(each.sentence, each.customer_id, str(each)) for each in raised} == {("It is taken.", "C1", "It is taken.")}
    lengths = [len(list(walk_tb(each.__traceback__))) for each in raised]
    assert lengths[0] == lengths[1]


def test_the_outcomes_of_many_transactions_hold_no_frames(store: Store) -> None:
    put = refused(store)
    twice = [Put(KEY, {"n": 1}), Put(KEY, {"n": 2})]
    outcomes = store.transact_each([[put], twice])
    assert [type(outcome) for outcome in outcomes] == [EmailTakenError, InvalidInputError]
    assert [outcome.__traceback__ for outcome in outcomes if outcome] == [None, None]
