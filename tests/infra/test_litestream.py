"""Litestream's copies, with the real program and the shipped configuration: the store is lost, and comes back whole."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend.config import Settings
from backend.domain.health import Verdict
from backend.services.context import Shop
from backend.services.doctor import machine
from backend.services.reconcile.run import reconcile
from backend.services.sending import account
from backend.store.port import Store
from backend.store.schema import TABLES
from tests.engines import ROOT
from tests.infra.files import INFRA, program, read_yaml
from tests.support import add_customer, add_order, opened_shop

_SHIPPED = INFRA / "litestream.yml"
_PLACE = "/var/lib/tillpost/tillpost.db"
_SYSTEMD_RUN = """#!/bin/sh
while :; do
    case $1 in
        --property=EnvironmentFile=*) file=${1#--property=EnvironmentFile=} ;;
        --*) ;;
        *) break ;;
    esac
    shift
done
set -a
. "$file"
exec "$@"
"""


class Box:
    """A machine in a folder, laid out as the install script does it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "var/lib/tillpost"
        self.store = self.data / "tillpost.db"
        self.config = root / "opt/tillpost/current/infra/litestream.yml"
        self.calls = root / "calls"
        self._lay_out()

    def _lay_out(self) -> None:
        self.data.mkdir(parents=True)
        self.config.parent.mkdir(parents=True)
        shipped = _SHIPPED.read_text()
        assert _PLACE in shipped
        self.config.write_text(
            shipped.replace(_PLACE, str(self.store)).replace("sync-interval: 10s", "sync-interval: 1s")
        )
        (self.root / "etc/tillpost").mkdir(parents=True)
        (self.root / "etc/tillpost/tillpost.env").write_text(
            f"LITESTREAM_REPLICA_URL=file://{self.root}/replica\nDATA_DIR={self.data}\nLOG_FORMAT=json\n"
        )
        self._put("bin/systemd-run", _SYSTEMD_RUN)
        self._put("bin/systemctl", f'#!/bin/sh\necho "$*" >>{self.calls}\n')
        self._put("opt/tillpost/current/.venv/bin/python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        litestream = self.root / "opt/tillpost/litestream/bin/litestream"
        litestream.parent.mkdir(parents=True)
        litestream.symlink_to(program("litestream"))

    def _put(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(0o755)

    @contextmanager
    def shop(self) -> Iterator[Shop]:
        with opened_shop(f"sqlite:///{self.store}", clock=lambda: datetime.now(UTC), data_dir=self.data) as shop:
            yield shop

    @contextmanager
    def copied(self) -> Iterator[subprocess.Popen[bytes]]:
        """Litestream copies the store meanwhile, and ends as systemd ends it."""
        log_file = self.root / f"litestream-{time.monotonic_ns()}.log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                [program("litestream"), "replicate", "-config", str(self.config)],
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_for_the_first_round(process, log_file)
            yield process
        finally:
            process.terminate()
            process.wait(30)

    def _wait_for_the_first_round(self, process: subprocess.Popen[bytes], log: Path) -> None:
        """There is a first copy, or what is there already was compared with the store."""
        deadline = time.monotonic() + 60
        while not any(sign in log.read_text() for sign in ("snapshot complete", "fetched latest L0 file")):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "LITESTREAM_REPLICA_URL": f"file://{self.root}/replica"}

    def restore_only(self, *options: str) -> None:
        """As the command of the box does it, without its checks, which take seconds."""
        command = [program("litestream"), "restore", "-config", str(self.config), *options, str(self.store)]
        subprocess.run(command, env=self._environment, check=True, capture_output=True)

    def destroy(self) -> None:
        """All of it is gone: the disk has died."""
        shutil.rmtree(self.data)
        self.data.mkdir()

    def restore(self, *options: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "DESTDIR": str(self.root), "PATH": f"{self.root}/bin:{os.environ['PATH']}"}
        return subprocess.run(
            ["sh", str(INFRA / "box/tillpost-restore"), *options],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def everything(store: Store, *, but: str = "mail-pause") -> list[tuple[str, Any, Any]]:
    """All items of the store."""

    def rows(table: str) -> Iterator[tuple[str, Any, Any]]:
        cursor: str | None = None
        while True:
            page = store.scan(table, cursor=cursor)
            yield from ((table, row.key, row.item) for row in page.rows if but not in str(row.key))
            cursor = page.cursor
            if cursor is None:
                return

    return sorted(chain.from_iterable(rows(table.name) for table in TABLES), key=repr)


@contextmanager
def orders_coming_in(shop: Shop) -> Iterator[None]:
    """Orders are placed all the time, one after the other, in a thread of their own."""
    stop = threading.Event()
    customers = [add_customer(shop, f"Customer {number}") for number in range(5)]
    failures: list[BaseException] = []

    def place() -> None:
        try:
            while not stop.wait(0.005):
                add_order(shop, customers[int(time.monotonic() * 1000) % len(customers)])
        except BaseException as error:  # the test ends with it
            failures.append(error)

    thread = threading.Thread(target=place)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert failures == []


def test_a_store_that_was_lost_comes_back_equal_and_adds_up(box: Box) -> None:
    with box.shop() as shop:
        with box.copied(), orders_coming_in(shop):
            time.sleep(3)
        before = everything(shop.store)
    assert len(before) > 50
    box.destroy()
    restored = box.restore("--replace")
    assert restored.returncode == 0, restored.stderr
    assert box.calls.read_text().splitlines() == [
        f"{verb} tillpost-web tillpost-worker tillpost-litestream" for verb in ("stop", "start")
    ]
    with box.shop() as shop:
        assert everything(shop.store) == before
        assert reconcile(shop).drift_count == 0
        paused = account.current_pause(shop)
    assert paused is not None
    assert paused.reason.startswith("A backup was restored.")  # what had gone out must not go out twice


def test_a_machine_that_dies_at_once_loses_seconds_at_most_and_what_comes_back_adds_up(box: Box) -> None:
    with box.shop() as shop:
        with box.copied() as litestream:
            with orders_coming_in(shop):
                time.sleep(2)
            safe = {(table, str(key)) for table, key, _ in everything(shop.store)}
            time.sleep(3)  # longer than sync-interval
            with orders_coming_in(shop):
                time.sleep(1)
                litestream.kill()
        after = {(table, str(key)) for table, key, _ in everything(shop.store)}
    box.destroy()
    box.restore_only()
    with box.shop() as shop:
        found = {(table, str(key)) for table, key, _ in everything(shop.store)}
        assert safe <= found <= after
        assert reconcile(shop).drift_count == 0


def test_a_drill_changes_nothing_while_everything_runs(box: Box) -> None:
    with box.shop() as shop, box.copied():
        add_order(shop, add_customer(shop))
        time.sleep(2)
        before = everything(shop.store, but="")
        drill = box.restore()
        assert drill.returncode == 0, drill.stderr
        assert everything(shop.store, but="") == before
        installation = SimpleNamespace(store_file=box.store, environment={}, settings=Settings())
        assert [each.verdict for each in machine.backup(installation)] == [Verdict.OK]
    assert "can be restored" in drill.stderr
    assert "1 customers, 1 orders" in drill.stdout
    assert not (box.data / "restored.db").exists()
    assert not box.calls.exists()


def test_after_a_restore_of_an_earlier_time_the_store_before_is_kept_and_the_copies_go_on(box: Box) -> None:
    with box.shop() as shop, box.copied():
        early = add_customer(shop, "Early")
        time.sleep(2)
        moment = datetime.now(UTC)
        time.sleep(2)
        late = add_customer(shop, "Late")
    restored = box.restore("--replace", "--at", f"{moment:%Y-%m-%dT%H:%M:%SZ}")
    assert restored.returncode == 0, restored.stderr
    (kept,) = box.data.glob("before-restore-*.db")
    with opened_shop(f"sqlite:///{kept}") as shop:
        assert late.id in str(everything(shop.store))
    with box.shop() as shop, box.copied():
        new = add_customer(shop, "New")
        time.sleep(3)  # longer than sync-interval
    box.destroy()
    box.restore_only()
    with box.shop() as shop:
        keys = str(everything(shop.store))
    assert [customer.id in keys for customer in (early, late, new)] == [True, False, True]


def test_without_copies_nothing_is_touched_and_the_services_run_again(box: Box) -> None:
    with box.shop() as shop:
        add_customer(shop)
        before = everything(shop.store, but="")
    failed = box.restore("--replace")
    assert failed.returncode == 1
    assert "The store was not touched" in failed.stderr
    assert box.calls.read_text().splitlines()[-1].startswith("start ")
    with box.shop() as shop:
        assert everything(shop.store, but="") == before


def test_the_configuration_copies_the_store_of_a_new_machine_and_keeps_a_month() -> None:
    config = read_yaml(_SHIPPED)
    (database,) = config["dbs"]
    assert f"STORE_URL=sqlite:///{database['path']}" in (INFRA / "box/tillpost.env").read_text()
    assert database["replica"]["url"] == "${LITESTREAM_REPLICA_URL}"
    assert config["snapshot"]["retention"] == "720h"
