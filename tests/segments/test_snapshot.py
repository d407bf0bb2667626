"""The snapshot: made aside and replaced as a whole, kept while somebody reads it, and made by one at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import duckdb
import pytest

from backend.config import Settings
from backend.domain.segments import EVERYBODY
from backend.services.context import Shop
from backend.services.segments.audience import audience_ids, count_segment, fresh_enough, snapshot_info
from backend.services.snapshots import folders
from backend.services.snapshots.build import make_first, make_since, make_snapshot
from backend.services.snapshots.engine import connect
from backend.services.snapshots.extraction import ReadingStoppedError
from backend.services.snapshots.info import SnapshotFailedError, SnapshotMissingError
from backend.services.snapshots.queries import opened
from backend.workers.loop import Workplace
from backend.workers.snapshots import begin, by_processes, is_due, reader
from tests.support import NOW, TestClock, add_customer, add_order, opened_shop


def versions(shop: Shop) -> list[str]:
    return sorted(path.name for path in folders.folder_of(shop).glob("v*-*"))


def test_a_snapshot_says_when_it_was_made_and_what_it_holds(shop: Shop, clock: TestClock) -> None:
    maria = add_customer(shop)
    add_order(shop, maria)
    add_order(shop, maria)
    made = make_snapshot(shop)
    assert made is not None
    assert (made.as_of, made.customers, made.orders, made.lines, made.messages) == (NOW, 1, 2, 2, 0)
    assert snapshot_info(shop) == made


def test_an_empty_shop_has_a_snapshot_of_nobody(shop: Shop) -> None:
    make_snapshot(shop)
    assert count_segment(shop, EVERYBODY) == 0
    assert list(audience_ids(shop, EVERYBODY)) == []


def test_counts_are_of_the_snapshot_until_there_is_a_newer_one(shop: Shop) -> None:
    add_customer(shop)
    assert count_segment(shop, EVERYBODY) == 1
    add_customer(shop)
    assert count_segment(shop, EVERYBODY) == 1
    make_snapshot(shop)
    assert count_segment(shop, EVERYBODY) == 2


def test_whoever_reads_an_audience_reads_one_snapshot_to_its_end(shop: Shop, clock: TestClock) -> None:
    ids = sorted(add_customer(shop).id for _ in range(7))
    lists = audience_ids(shop, EVERYBODY, 2)
    first = next(lists)
    before = versions(shop)
    add_customer(shop)
    clock.forward(minutes=1)
    make_snapshot(shop)
    assert set(before) < set(versions(shop))
    assert [each for chunk in [first, *lists] for each in chunk] == ids
    clock.forward(minutes=1)
    make_snapshot(shop, whole=True)
    with opened(shop):
        pass
    clock.forward(minutes=1)
    make_snapshot(shop, whole=True)
    assert not set(before) & set(versions(shop))


def test_an_audience_goes_on_after_an_id(shop: Shop) -> None:
    ids = sorted(add_customer(shop).id for _ in range(5))
    assert list(audience_ids(shop, EVERYBODY, 2, after=ids[1])) == [ids[2:4], ids[4:]]
    assert list(audience_ids(shop, EVERYBODY, after=ids[-1])) == []


def test_one_at_a_time_makes_a_snapshot(shop: Shop) -> None:
    with folders.making(shop):
        assert make_snapshot(shop) is None
    assert make_snapshot(shop) is not None


def test_who_is_asked_to_stop_leaves_what_was_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.services.snapshots.extraction._AT_ONCE", 1)
    for _ in range(3):
        add_customer(shop)
    before = make_snapshot(shop)
    with pytest.raises(ReadingStoppedError):
        make_snapshot(shop, stopped=lambda: True)
    assert snapshot_info(shop) == before
    assert not list(folders.folder_of(shop).glob(".making-*"))


def test_what_a_maker_left_that_was_killed_is_cleared_away(shop: Shop) -> None:
    left = folders.folder_of(shop) / ".making-77"
    left.mkdir(parents=True)
    (left / "customers-0.parquet").write_bytes(b"half")
    make_snapshot(shop)
    assert not left.exists()


@pytest.mark.parametrize("text", ["", "{}", '{"form": 1}', "not json"])
def test_a_manifest_that_this_version_does_not_know_counts_as_none(shop: Shop, text: str) -> None:
    made = make_first(shop)
    (folders.folder_of(shop) / "current.json").write_text(text)
    assert snapshot_info(shop) is None
    assert make_first(shop).name != made.name


def test_a_version_that_somebody_removed_by_hand_is_reported_as_such(shop: Shop) -> None:
    made = make_first(shop)
    shutil.rmtree(folders.folder_of(shop) / made.name)
    with pytest.raises(SnapshotFailedError), opened(shop):
        pass


def test_without_a_snapshot_nothing_is_asked(shop: Shop) -> None:
    with pytest.raises(SnapshotMissingError), opened(shop):
        pass


def test_a_question_that_fails_names_neither_statement_nor_values(shop: Shop) -> None:
    make_first(shop)
    with opened(shop) as snapshot, pytest.raises(SnapshotFailedError) as failed:
        snapshot.rows("SELECT secret FROM customers WHERE id = $id", {"id": "maria@example.com"})
    assert "maria" not in failed.value.sentence
    assert "secret" not in failed.value.sentence


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "ATTACH '/tmp/other.db'",
    ],
)
def test_the_engine_reaches_nothing_but_the_snapshot(statement: str, tmp_path: Path) -> None:
    with connect(tmp_path) as database, pytest.raises(duckdb.Error):
        database.execute(statement)


def test_a_folder_with_quotes_in_its_name_is_as_good(clock: TestClock, tmp_path: Path) -> None:
    with opened_shop(clock=clock, data_dir=tmp_path / "o'neil's data") as shop:
        add_customer(shop)
        assert count_segment(shop, EVERYBODY) == 1


# --- the duty ----------------------------------------------------------------------------------------------------


def test_where_there_is_a_feed_a_snapshot_is_due_after_seconds(shop: Shop) -> None:
    info = make_first(shop)
    assert not is_due(info, None, NOW + timedelta(seconds=14), 10)
    assert is_due(info, None, NOW + timedelta(seconds=15), 10)
    slow = replace(info, seconds=3.0, whole_at=NOW - timedelta(days=1))
    assert not is_due(slow, None, NOW + timedelta(seconds=29), 10)
    assert is_due(slow, None, NOW + timedelta(seconds=30), 10)


def test_a_snapshot_is_due_when_it_is_old_or_somebody_asks(shop: Shop) -> None:
    info = replace(make_first(shop), cursor=None)
    later = {minutes: NOW + timedelta(minutes=minutes) for minutes in (1, 9, 10)}
    assert [is_due(info, None, now, 10) for now in later.values()] == [False, False, True]
    assert is_due(info, later[1], later[1], 10)
    assert is_due(info, later[9], later[10], 0)
    assert not is_due(info, None, NOW + timedelta(days=3), 0)
    assert is_due(info, None, NOW - timedelta(hours=1), 10)


def test_the_first_snapshot_is_made_at_once_unless_only_on_demand(shop: Shop) -> None:
    assert is_due(None, None, NOW, 10)
    assert not is_due(None, None, NOW, 0)
    assert is_due(None, NOW, NOW, 0)


def test_making_snapshots_takes_a_tenth_of_the_time_at_most(shop: Shop) -> None:
    slow = replace(make_first(shop), seconds=120.0, cursor=None)
    assert not is_due(slow, None, NOW + timedelta(minutes=19), 10)
    assert is_due(slow, None, NOW + timedelta(minutes=20), 10)
    assert not is_due(slow, NOW + timedelta(minutes=1), NOW + timedelta(minutes=3), 10)
    assert is_due(slow, NOW + timedelta(minutes=1), NOW + timedelta(minutes=4), 10)


def test_whoever_asks_gets_a_newer_one_from_the_duty(shop: Shop, clock: TestClock) -> None:
    work = begin(Workplace(shop, None, Settings(store_url="sqlite://", data_dir=shop.data_dir)), Event())
    work()
    first = make_first(shop)
    clock.forward(minutes=2)
    assert not fresh_enough(shop, clock.now)
    work()
    assert fresh_enough(shop, clock.now)
    assert make_since(shop, clock.now).as_of == clock.now > first.as_of


# --- large shops -------------------------------------------------------------------------------------------------


@pytest.fixture
def in_file(clock: TestClock, tmp_path: Path) -> Iterator[tuple[Shop, Settings]]:
    settings = Settings(store_url=f"sqlite:///{tmp_path}/tillpost.db", data_dir=tmp_path)
    with opened_shop(settings.store_url, clock=clock, data_dir=tmp_path) as shop:
        yield shop, settings


def test_processes_read_the_same_as_one_thread(in_file: tuple[Shop, Settings]) -> None:
    shop, settings = in_file
    for number in range(12):
        customer = add_customer(shop)
        for _ in range(number % 3):
            add_order(shop, customer)
    alone = make_snapshot(shop)
    ids = list(audience_ids(shop, EVERYBODY))
    together = make_snapshot(shop, read=by_processes(settings, 2), whole=True)
    assert alone is not None
    assert together is not None
    assert (together.customers, together.orders, together.lines) == (alone.customers, alone.orders, alone.lines)
    assert together.fifths == alone.fifths
    assert list(audience_ids(shop, EVERYBODY)) == ids


def test_processes_that_cannot_read_are_told_as_such(in_file: tuple[Shop, Settings], tmp_path: Path) -> None:
    shop, _ = in_file
    broken = Settings(store_url=f"sqlite:///{tmp_path}/nothing/here.db", data_dir=tmp_path)
    (tmp_path / "nothing").write_text("a file where a folder should be")
    with pytest.raises(SnapshotFailedError):
        make_snapshot(shop, read=by_processes(broken, 1), whole=True)
    assert snapshot_info(shop) is None


def test_processes_end_when_the_worker_stops(in_file: tuple[Shop, Settings]) -> None:
    shop, settings = in_file
    with pytest.raises(ReadingStoppedError):
        make_snapshot(shop, read=by_processes(settings, 1), stopped=lambda: True)


def test_small_shops_and_those_in_memory_are_read_here(in_file: tuple[Shop, Settings]) -> None:
    shop, settings = in_file
    assert reader(shop, settings).__name__ == "read_here"
