"""A backup holds one moment of a shop that is at work, says so when it is spoilt, and comes back on any engine."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.bootstrap import open_store
from backend.errors import ConflictError
from backend.services.backup.archive import MANIFEST, BackupError, Manifest, read_manifest
from backend.services.backup.backup import keep_newest, make_backup, verify_backup
from backend.services.backup.restore import move_shop, restore_backup
from backend.services.context import Shop
from backend.services.orders.lists import orders_of
from backend.services.reconcile.run import reconcile
from backend.services.sending.account import current_pause, pause, resume
from backend.store.port import Key, Put, Row, Store
from backend.store.sql import SqlStore
from tests.recount import assert_totals_hold
from tests.support import TestClock, add_customer, add_order, shop_on
from tests.unreadable.damages import do_damage

_ENGINES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("dynamodb", marks=pytest.mark.ministack),
]
_ODD = {
    "wide": 10**30,
    "bytes": b"\x00\xff",
    "nested": [{"$odd": b"1", "none": None}, True, ""],
    "text": "a\tb\nc\u2028",
}


def empty_store(engine: str, request: pytest.FixtureRequest, name: str) -> Store:
    if engine == "sqlite":
        folder = request.getfixturevalue("tmp_path")
        return open_store(f"sqlite:///{folder}/{name}.db")
    if engine == "postgres":
        return SqlStore(request.getfixturevalue("postgres_url"), prefix=f"b{os.getpid()}_{name}_")
    return open_store(f"dynamodb://b{os.getpid()}-{name}?endpoint={request.getfixturevalue('ministack_address')}")


@pytest.fixture(params=_ENGINES)
def source(request: pytest.FixtureRequest, clock: TestClock) -> Iterator[Shop]:
    """A small shop on each engine, with an item of every type of value."""
    store = empty_store(request.param, request, f"from{request.param}")
    store.create_tables()
    shop = shop_on(store, clock=clock)
    customer = add_customer(shop, country="DE", tags=["vip"])
    for _ in range(3):
        add_order(shop, customer)
    store.put(Put(Key("mail", "ODD", "\u00e4#1"), _ODD))
    yield shop
    store.close()


@pytest.mark.parametrize("target", _ENGINES)
def test_a_shop_comes_back_on_any_engine(
    source: Shop, target: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    backup = make_backup(source, tmp_path / "backups", passphrase="seventeen linen napkins")
    restored = replace(source, store=empty_store(target, request, f"to{target}{request.node.callspec.id[:4]}"))
    written = restore_backup(restored, backup, passphrase="seventeen linen napkins")
    assert written.items == read_manifest(backup).items
    assert restored.store.get(Key("mail", "ODD", "\u00e4#1")) == _ODD
    assert_totals_hold(restored)
    assert reconcile(restored).drift_count == 0
    paused = current_pause(restored)
    assert paused is not None
    assert "restored from a backup" in paused.reason
    restored.store.close()


def test_a_backup_is_of_one_moment_although_orders_come_in_meanwhile(shop_in_file: Shop, tmp_path: Path) -> None:
    customer = add_customer(shop_in_file)
    placed = [add_order(shop_in_file, customer)]

    def order_meanwhile(_items: int) -> None:
        if len(placed) == 1:  # the table of the shop is written, that of the mail is not yet
            placed.append(add_order(shop_in_file, customer))

    backup = make_backup(shop_in_file, tmp_path / "backups", progress=order_meanwhile)
    restored = replace(shop_in_file, store=open_store(f"sqlite:///{tmp_path}/restored.db"))
    restore_backup(restored, backup)
    assert len(placed) == 2
    assert [order.id for order in orders_of(restored, customer.id).orders] == [placed[0].id]
    assert reconcile(restored).drift_count == 0
    restored.store.close()


@pytest.fixture
def shop_in_file(tmp_path: Path, clock: TestClock) -> Iterator[Shop]:
    store = open_store(f"sqlite:///{tmp_path}/shop.db")
    store.create_tables()
    yield shop_on(store, clock=clock)
    store.close()


@pytest.fixture
def backup(shop_in_file: Shop, tmp_path: Path) -> Path:
    add_order(shop_in_file, add_customer(shop_in_file))
    return make_backup(shop_in_file, tmp_path / "backups")


def change(backup: Path, **changed: object) -> None:
    manifest = json.loads((backup / MANIFEST).read_text())
    (backup / MANIFEST).write_text(json.dumps(manifest | changed))


def without_a_part(backup: Path) -> None:
    next(backup.glob("shop-*")).unlink()


def with_a_changed_byte(backup: Path) -> None:
    part = next(backup.glob("shop-*"))
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)


def with_a_part_that_counts_for_less(backup: Path) -> None:
    tables = json.loads((backup / MANIFEST).read_text())["tables"]
    tables["shop"]["items"] -= 1
    change(backup, tables=tables)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (without_a_part, "is missing"),
        (with_a_changed_byte, "not as it was written"),
        (with_a_part_that_counts_for_less, "do not hold what its manifest says"),
        (lambda backup: (backup / MANIFEST).unlink(), "no whole backup"),
        (lambda backup: (backup / MANIFEST).write_text("{"), "cannot be read"),
        (lambda backup: change(backup, surprise=1), "cannot be read"),
        (lambda backup: change(backup, format=2), "later version"),
    ],
)
def test_a_spoilt_backup_is_refused_before_anything_is_written(
    shop_in_file: Shop, backup: Path, tmp_path: Path, spoil: object, sentence: str
) -> None:
    assert verify_backup(backup).items > 0
    spoil(backup)  # type: ignore[operator]
    restored = replace(shop_in_file, store=open_store(f"sqlite:///{tmp_path}/restored.db"))
    restored.store.create_tables()
    with pytest.raises(BackupError, match=sentence):
        restore_backup(restored, backup)
    assert restored.store.scan("shop").rows == restored.store.scan("mail").rows == []
    restored.store.close()


def test_a_store_that_holds_something_takes_no_backup(shop_in_file: Shop, backup: Path) -> None:
    with pytest.raises(ConflictError, match="not empty"):
        restore_backup(shop_in_file, backup)


def test_without_the_passphrase_nothing_is_read(shop_in_file: Shop, tmp_path: Path) -> None:
    add_customer(shop_in_file)
    backup = make_backup(shop_in_file, tmp_path / "backups", passphrase="right")
    with pytest.raises(gzip.BadGzipFile):
        gzip.decompress(next(backup.glob("shop-*")).read_bytes())
    for passphrase, sentence in (("", "is encrypted"), ("wrong", "does not open")):
        with pytest.raises(BackupError, match=sentence):
            verify_backup(backup, passphrase=passphrase)
    assert verify_backup(backup, passphrase="right").items > 0


def test_files_are_for_their_owner_only(backup: Path) -> None:
    assert {path.stat().st_mode & 0o077 for path in [backup, *backup.iterdir()]} == {0}


def test_items_that_cannot_be_read_are_named_and_do_not_stop_a_backup(shop_in_file: Shop, tmp_path: Path) -> None:
    key = Key("mail", "ODD", "1")
    shop_in_file.store.put(Put(key, {"a": 1}))
    do_damage(shop_in_file.store, Row(key, {"a": 1}), "{not JSON")
    found = verify_backup(make_backup(shop_in_file, tmp_path / "backups"))
    assert found.unreadable == ("mail ODD 1",)


def test_the_newest_are_kept_and_one_that_was_interrupted_is_not_counted(shop_in_file: Shop, tmp_path: Path) -> None:
    made: list[Path] = []
    for _ in range(3):
        made.append(make_backup(shop_in_file, tmp_path))
        shop_in_file.clock.forward(days=1)  # type: ignore[attr-defined]
    interrupted = tmp_path / "tillpost-29990101T000000Z"
    interrupted.mkdir()
    assert keep_newest(tmp_path, 2) == made[:1]
    assert [path for path in made if path.exists()] == made[1:]
    assert interrupted.exists()


def test_one_that_is_interrupted_is_no_backup(shop_in_file: Shop, tmp_path: Path) -> None:
    def stop(_items: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_backup(shop_in_file, tmp_path / "backups", progress=stop)
    with pytest.raises(BackupError, match="no whole backup"):
        verify_backup(next((tmp_path / "backups").iterdir()))


def test_a_pause_of_the_shop_is_not_part_of_a_backup(shop_in_file: Shop, tmp_path: Path) -> None:
    pause(shop_in_file, "Ours", shop_in_file.clock().replace(year=2099))
    backup = make_backup(shop_in_file, tmp_path / "backups")
    resume(shop_in_file)
    manifests: list[Manifest] = [read_manifest(backup)]
    shop_in_file.clock.forward(seconds=1)  # type: ignore[attr-defined]
    manifests.append(read_manifest(make_backup(shop_in_file, tmp_path / "backups")))
    assert manifests[0].tables == manifests[1].tables


@pytest.mark.parametrize("target", _ENGINES)
def test_a_shop_moves_to_another_engine(shop_in_file: Shop, target: str, request: pytest.FixtureRequest) -> None:
    add_order(shop_in_file, add_customer(shop_in_file))
    moved = replace(shop_in_file, store=empty_store(target, request, f"moved{target}"))
    written = move_shop(shop_in_file.store, moved)
    assert written.items == sum(len(moved.store.scan(table).rows) for table in ("shop", "mail")) - 1  # the pause
    assert_totals_hold(moved)
    with pytest.raises(ConflictError, match="not empty"):
        move_shop(shop_in_file.store, moved)
    moved.store.close()


def test_a_move_from_a_shop_that_is_still_at_work_is_refused(shop_in_file: Shop, tmp_path: Path) -> None:
    customer = add_customer(shop_in_file)
    target = replace(shop_in_file, store=open_store(f"sqlite:///{tmp_path}/moved.db"))
    with pytest.raises(BackupError, match="The two stores differ"):
        move_shop(shop_in_file.store, target, progress=lambda _items: add_order(shop_in_file, customer))
    target.store.close()
