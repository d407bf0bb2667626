"""A full disk is named as such, nothing half-written counts, and work goes on when there is room again."""

from __future__ import annotations

import contextlib
import errno
import io
import itertools
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import exc

from backend.disk_space import full_disk_named
from backend.domain.emails import Refused
from backend.domain.imports import ImportKind
from backend.domain.jobs import JobStatus
from backend.email.transports import maildir, outbox
from backend.errors import DiskFullError
from backend.services.context import Shop
from backend.services.jobs import requests
from backend.services.jobs.requests import enqueue_import, get_job, upload_path
from backend.services.orders.lists import find_order
from backend.store import schema, sql_engine
from backend.store.port import Put
from backend.store.sql import SqlStore
from backend.workers import jobs as worker
from tests.cli.conftest import Run, run, shop, store_url
from tests.email.transports.samples import email
from tests.services.imports.shopify_csv import order, text_of
from tests.support import STAFF, add_customer

__all__ = ["run", "shop", "store_url"]

FULL = "disk of the store is full"


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Lets the files of SQLite grow no more, for connections that are opened from now on."""
    prepare = sql_engine._prepare_sqlite

    def limited(connection: sqlite3.Connection, record: object) -> None:
        prepare(connection, record)
        connection.execute("PRAGMA max_page_count=1")  # SQLite: never below the present size

    with monkeypatch.context() as patched:
        yield lambda: patched.setattr(sql_engine, "_prepare_sqlite", limited)


def fill(url: str) -> None:
    """Uses the last free pages of the store."""
    store, numbers = SqlStore(url), itertools.count()
    for size in (4_000, 100):
        with contextlib.suppress(DiskFullError):
            while True:
                store.put(Put(schema.meta_key(f"filler {next(numbers)}"), {"text": "x" * size}))
    store.close()


def no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_check_and_health_name_a_full_store(run: Run, shop: Shop, store_url: str, full: Callable[[], None]) -> None:
    assert run("check").code == 0
    full()
    fill(store_url)
    checked = run("check", "--json")
    assert checked.code == 1
    assert FULL in next(check["found"] for check in checked.json["checks"] if check["name"] == "store")
    parts = {part["part"]: part["found"] for part in run("health", "--json").json["parts"]}
    assert FULL in parts["Workers"]


def test_check_names_a_full_disk_of_files(run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.services.system.checks.os.fsync", no_space)
    found = {check["name"]: check["found"] for check in run("check", "--json").json["checks"]}
    assert "disk for files is full" in found["data folder"]


def test_sending_and_importing_name_a_full_store_and_do_nothing(
    run: Run, shop: Shop, store_url: str, full: Callable[[], None], tmp_path: Path
) -> None:
    customer = add_customer(shop, "Ada Green")
    (tmp_path / "orders.csv").write_text(text_of([order(f"#{number}") for number in range(1, 60)]))
    full()
    fill(store_url)
    imported = run("import", "orders", str(tmp_path / "orders.csv"))
    assert (imported.code, imported.out) == (1, "")
    assert FULL in imported.err
    sent = run("send", "welcome", "--customer", customer.id)
    assert (sent.code, sent.out) == (1, "")
    assert FULL in sent.err


def test_a_full_disk_of_files_fails_a_command_with_one_sentence(
    run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.cli.mail.Path.write_text", no_space)
    failed = run("templates", "render", "welcome", "--sample", "--out", "out")
    assert failed.code == 1
    assert "disk for files is full" in failed.err


def test_an_upload_that_has_no_room_leaves_nothing_behind(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO(text_of([order()]).encode())
    with monkeypatch.context() as patched:
        patched.setattr(requests.os, "fsync", no_space)  # type: ignore[attr-defined]
        with pytest.raises(DiskFullError):
            enqueue_import(shop, STAFF, ImportKind.ORDERS, "o.csv", content, job_id="0J000000000000000")
    assert requests.list_jobs(shop, STAFF) == []
    assert list(upload_path(shop, "0J000000000000000").parent.iterdir()) == []


def test_a_worker_gives_an_import_back_and_completes_it_when_there_is_room(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = "2025-11-01 10:00:00 +0000"
    rows = [order("#1", created_at=day), order("#2", created_at=day, lineitem_quantity="many")]
    job = enqueue_import(shop, STAFF, ImportKind.ORDERS, "o.csv", io.BytesIO(text_of(rows).encode()))
    with monkeypatch.context() as patched:
        patched.setattr("backend.services.imports.report.FaultReport._open", no_space)
        with pytest.raises(DiskFullError):
            worker.work_once(shop, "one", worker.threading.Event())
    assert get_job(shop, STAFF, job.id).status is JobStatus.WAITING
    assert worker.work_once(shop, "one", worker.threading.Event())
    assert get_job(shop, STAFF, job.id).status is JobStatus.DONE
    assert find_order(shop, "#1") is not None


def test_an_outbox_without_room_takes_nothing_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maildir.Maildir, "_write", no_space)
    answer = outbox.OutboxTransport(tmp_path).send(email())
    assert isinstance(answer, Refused)
    assert (answer.retryable, answer.account_wide) == (True, True)
    assert "disk for files is full" in answer.reason


def test_postgresql_and_quotas_say_it_in_their_own_way() -> None:
    with pytest.raises(DiskFullError), sql_engine.translated():
        raise exc.OperationalError("INSERT", None, psycopg.errors.DiskFull("could not extend file"))
    with pytest.raises(DiskFullError), full_disk_named():
        raise OSError(errno.EDQUOT, "quota")
    with pytest.raises(PermissionError), full_disk_named():
        raise PermissionError(errno.EACCES, "no")
