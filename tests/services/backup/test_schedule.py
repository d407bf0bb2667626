"""Backups run by themselves, are kept for as long as the settings say, and are restored to see that they can be."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from backend.bootstrap import open_backup_place, open_backup_schedule, open_store
from backend.config import load_settings
from backend.domain.backups import kept, made_at
from backend.errors import ConfigurationError
from backend.services.backup.archive import MANIFEST, BackupError
from backend.services.backup.places import FolderPlace, Place, fetch, keep_newest_in, make_in_place
from backend.services.backup.schedule import Schedule, work_on_backups
from backend.services.context import Shop
from backend.services.system.backups import backup_state
from backend.store import schema
from backend.store.port import Put
from tests.recount import everything
from tests.support import TestClock, add_customer, add_order, shop_on

GO_ON = threading.Event()


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "folder":
        yield open_backup_place(str(tmp_path / "kept"))
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="backups-of-a-shop")
        yield open_backup_place("s3://backups-of-a-shop/tillpost")


@pytest.fixture
def shop(tmp_path: Path, clock: TestClock) -> Iterator[Shop]:
    store = open_store(f"sqlite:///{tmp_path}/shop.db")
    store.create_tables()
    shop = shop_on(store, clock=clock, data_dir=tmp_path / "data")
    add_order(shop, add_customer(shop))
    yield shop
    store.close()


def schedule_on(place: Place, **changes: object) -> Schedule:
    usual = Schedule(place, timedelta(hours=24), 3, 2, timedelta(days=7), "seventeen linen napkins")
    return replace(usual, **changes)  # type: ignore[arg-type]


def rounds(shop: Shop, schedule: Schedule, number: int = 3) -> list[bool]:
    return [work_on_backups(shop, schedule, open_store, GO_ON) for _ in range(number)]


def test_a_backup_is_made_and_restored_as_a_drill_and_then_there_is_nothing_to_do(
    shop: Shop, place: Place, clock: TestClock
) -> None:
    schedule = schedule_on(place)
    assert rounds(shop, schedule) == [True, True, False]
    state = backup_state(shop)
    assert (state.at, state.drill_at, state.error, state.drill_error) == (clock.now, clock.now, "", "")
    assert place.names() == [state.name]
    assert state.items == state.drill_items > 0
    assert not (shop.data_dir / "backup-work").exists()
    clock.forward(hours=24)
    assert rounds(shop, schedule) == [True, False, False]
    assert len(place.names()) == 2


def test_only_the_last_of_some_days_and_weeks_are_kept(shop: Shop, place: Place, clock: TestClock) -> None:
    schedule = schedule_on(place, every=timedelta(hours=12), drill_every=timedelta(0))
    for _ in range(20):
        rounds(shop, schedule, 1)
        clock.forward(hours=12)
    days = [made.day for name in place.names() if (made := made_at(name))]
    assert days == [29, 4, 5, 6]  # the last Sunday of the week before, and three days of this week


def test_the_newest_stays_and_so_does_what_is_not_ours() -> None:
    names = ["tillpost-20261101T000000Z", "tillpost-20261102T000000Z", "by-hand"]
    assert kept(names, 1, 0) == {"tillpost-20261102T000000Z", "by-hand"}
    assert kept([], 1, 1) == set()


def test_what_fails_is_said_and_tried_again(shop: Shop, place: Place, clock: TestClock) -> None:
    class Full(FolderPlace):
        def put(self, name: str, file: str, content: bytes) -> None:
            raise BackupError("There is no room.")

    broken = schedule_on(Full(Path("nowhere")))
    assert rounds(shop, broken) == [True, False, False]
    assert (backup_state(shop).error, backup_state(shop).at) == ("There is no room.", None)
    clock.forward(minutes=31)
    assert rounds(shop, schedule_on(place)) == [True, True, False]
    assert backup_state(shop).error == ""


def test_a_drill_finds_a_backup_that_was_changed(shop: Shop, place: Place, clock: TestClock) -> None:
    schedule = schedule_on(place)
    rounds(shop, schedule, 1)
    (name,) = place.names()
    place.put(name, "shop-00000.jsonl.gz", b"not what was written")
    assert rounds(shop, schedule, 2) == [True, False]
    assert "not as it was written" in backup_state(shop).drill_error
    place.remove(name)
    assert place.names() == []
    clock.forward(hours=25)
    assert rounds(shop, schedule) == [True, True, False]
    assert backup_state(shop).drill_error == ""


def test_a_drill_recounts_the_restored_copy(shop: Shop, place: Place, clock: TestClock) -> None:
    (row,) = [row for row in everything(shop) if row.key.pk.startswith("DAYS#")]
    shop.store.put(Put(row.key, {**row.item, "orders": 7}))
    assert rounds(shop, schedule_on(place)) == [True, True, False]
    assert "1 figures differ from the orders" in backup_state(shop).drill_error
    shop.store.put(Put(row.key, row.item))
    clock.forward(hours=25)
    assert rounds(shop, schedule_on(place)) == [True, True, False]
    assert backup_state(shop).drill_error == ""


def test_a_backup_by_hand_goes_to_a_place_too_and_the_newest_stay(shop: Shop, place: Place, clock: TestClock) -> None:
    names = []
    for _ in range(3):
        clock.forward(seconds=1)
        name, manifest = make_in_place(shop, place, passphrase="seventeen linen napkins")
        names.append(name)
    assert (manifest.items > 0, bool(manifest.salt)) == (True, True)
    assert keep_newest_in(place, 1) == names[:2]
    assert place.names() == names[2:]
    assert [each.name for each in shop.data_dir.iterdir() if each.is_dir()] == []


def test_a_process_that_is_to_end_leaves_it_to_the_next_one(shop: Shop, place: Place) -> None:
    stop = threading.Event()
    stop.set()
    assert work_on_backups(shop, schedule_on(place), open_store, stop)
    assert backup_state(shop).at is None
    assert rounds(shop, schedule_on(place), 1) == [True]
    assert backup_state(shop).at is not None


def test_of_two_workers_one_makes_it_and_a_dead_ones_work_passes_on(shop: Shop, place: Place, clock: TestClock) -> None:
    class Killed(FolderPlace):
        def put(self, name: str, file: str, content: bytes) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_on_backups(shop, schedule_on(Killed(Path("nowhere"))), open_store, GO_ON)
    assert rounds(shop, schedule_on(place), 2) == [False, False]
    clock.forward(minutes=31)
    assert rounds(shop, schedule_on(place), 1) == [True]


def test_a_damaged_note_does_not_stop_backups(shop: Shop, place: Place) -> None:
    shop.store.put(Put(schema.meta_key("backup"), {"at": "yesterday", "lease_until": "soon"}))
    assert True in rounds(shop, schedule_on(place), 3)
    assert place.names()


def test_a_manifest_cannot_name_files_elsewhere(shop: Shop, place: Place, tmp_path: Path) -> None:
    rounds(shop, schedule_on(place), 1)
    (name,) = place.names()
    place.put(name, MANIFEST, place.get(name, MANIFEST).replace(b"shop-00000", b"../evil-00000"))
    with pytest.raises(BackupError, match="outside"):
        fetch(place, name, tmp_path / "copies")


def test_a_bucket_that_is_not_there_is_named(shop: Shop, place: Place) -> None:
    other = open_backup_place("s3://another-bucket/x")
    if isinstance(place, FolderPlace):
        return
    rounds(shop, schedule_on(other), 1)
    assert "another-bucket" in backup_state(shop).error


def test_the_settings_say_when_and_where(tmp_path: Path) -> None:
    assert open_backup_schedule(load_settings(backup_to="")) is None
    found = open_backup_schedule(load_settings(backup_to=str(tmp_path), backup_hours=6, backup_drill_days=0))
    assert found is not None
    assert (found.every, found.drill_every) == (timedelta(hours=6), timedelta(0))
    with pytest.raises(ConfigurationError, match="s3://BUCKET/PREFIX"):
        open_backup_place("s3:bucket")
