"""A snapshot that follows the change feed is the one that a reading of the whole shop would have made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from backend.domain.segments import EVERYBODY
from backend.services.context import Shop
from backend.services.segments.audience import audience_ids, count_segment
from backend.services.snapshots import folders
from backend.services.snapshots.build import make_snapshot
from backend.services.snapshots.info import SnapshotInfo
from backend.store import schema
from backend.store.port import Delete, Put, Update
from backend.store.sql import SqlStore
from tests.segments.random_shops import fill
from tests.support import TestClock, add_customer, add_order, opened_shop


@pytest.fixture
def filled(clock: TestClock, tmp_path: Path) -> Iterator[Shop]:
    """A shop of some customers, orders and messages, with a snapshot of before."""
    with opened_shop(clock=clock, data_dir=tmp_path) as shop:
        fill(shop, clock, Random(5), 20)
        made(shop, clock)
        yield shop


def made(shop: Shop, clock: TestClock, *, whole: bool = False) -> SnapshotInfo:
    clock.forward(seconds=1)
    info = make_snapshot(shop, whole=whole)
    assert info is not None
    return info


def ids(shop: Shop) -> set[str]:
    return {each for chunk in audience_ids(shop, EVERYBODY, 100) for each in chunk}


@pytest.mark.parametrize("merged", ["never", "each time"])
def test_it_is_the_same_after_any_change(
    filled: Shop, clock: TestClock, merged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if merged == "each time":
        monkeypatch.setattr("backend.services.snapshots.follow._SMALL_DELTA", 0)
        monkeypatch.setattr("backend.services.snapshots.follow._LARGEST_SHARE", 0)
    chance = Random(6)
    for _ in range(4):
        fill(filled, clock, chance, 3)
        customer = schema.customer_key(chance.choice(sorted(ids(filled))))
        filled.store.update(Update(customer, set={"city": "Kyiv", "tags": ["vip"]}))
        gone = chance.choice([row.key for row in filled.store.scan(schema.SHOP, only=schema.FED_SHOP).rows])
        filled.store.delete(Delete(gone))
        assert not made(filled, clock).is_whole
    assert made(filled, clock, whole=True).differed == ()
    assert made(filled, clock).differed == ()


def test_what_is_gone_or_cannot_be_read_any_more_is_left_out(filled: Shop, clock: TestClock) -> None:
    customers = sorted(ids(filled))
    filled.store.delete(Delete(schema.customer_key(customers[0])))
    filled.store.put(Put(schema.customer_key(customers[1]), {"created_at": 7}))
    made(filled, clock)
    assert ids(filled) == set(customers[2:])


def test_nothing_is_made_when_nothing_has_changed(filled: Shop, clock: TestClock) -> None:
    before = folders.current(filled)
    after = made(filled, clock)
    assert before is not None
    assert (after.name, after.as_of) == (before.name, clock.now)
    assert folders.current(filled) == after


def test_the_shop_is_read_again_after_a_week_and_a_difference_is_reported(filled: Shop, clock: TestClock) -> None:
    known = len(ids(filled))
    add_customer(filled)
    store = filled.store
    assert isinstance(store, SqlStore)
    with store._engine.begin() as connection:  # a change that was lost, as none should be
        connection.exec_driver_sql("DELETE FROM changes WHERE number = (SELECT max(number) FROM changes)")
    add_order(filled, add_customer(filled))
    made(filled, clock)
    assert len(ids(filled)) == known + 1
    clock.forward(days=8)
    info = made(filled, clock)
    assert (info.is_whole, info.differed) == (True, ("customers",))
    assert len(ids(filled)) == known + 2


def test_a_day_later_what_was_removed_is_on_the_disk_no_more(filled: Shop, clock: TestClock) -> None:
    maria = add_customer(filled, city="Atlantis")
    made(filled, clock)
    filled.store.delete(Delete(schema.customer_key(maria.id)))
    made(filled, clock)
    clock.forward(days=2)
    add_customer(filled)
    info = made(filled, clock)
    assert (info.is_whole, info.merged_at) == (False, clock.now)
    files = [*folders.folder_of(filled).rglob("raw/**/*.parquet")]
    assert files
    assert not any(b"Atlantis" in file.read_bytes() for file in files)


def test_too_many_changes_another_zone_and_a_clock_put_back_need_a_reading(
    filled: Shop, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert made(replace(filled, zone=ZoneInfo("Asia/Tokyo")), clock).is_whole
    clock.now -= timedelta(days=1)
    assert made(filled, clock).is_whole
    monkeypatch.setattr("backend.services.snapshots.follow.MOST_CHANGES", 3)
    monkeypatch.setattr("backend.services.snapshots.follow._AT_ONCE", 2)
    for _ in range(4):
        add_order(filled, add_customer(filled))
    assert made(filled, clock).is_whole


def test_a_snapshot_of_another_store_is_not_followed(filled: Shop, clock: TestClock, tmp_path: Path) -> None:
    with opened_shop(clock=clock, data_dir=tmp_path) as other:
        add_customer(other)
        assert made(other, clock).is_whole
        assert count_segment(other, EVERYBODY) == 1
