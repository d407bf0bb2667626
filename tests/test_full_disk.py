"""A disk that is really full: a file system of a few hundred kilobytes, which only root can make."""

from __future__ import annotations

import io
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backend.domain.emails import Accepted, Refused
from backend.domain.imports import ImportKind
from backend.domain.jobs import JobStatus
from backend.email.events.spool import EventSpool, SpoolSource
from backend.email.transports.outbox import OutboxTransport
from backend.errors import DiskFullError
from backend.services.context import Shop
from backend.services.jobs import queue
from backend.services.jobs.requests import enqueue_import, get_job, list_jobs
from backend.services.snapshots import folders
from backend.services.snapshots.build import make_snapshot
from backend.services.system.checks import check_folder
from backend.workers import jobs as worker
from tests.email.transports.samples import email
from tests.services.imports.shopify_csv import order, text_of
from tests.support import STAFF, TestClock, add_customer, opened_shop

FULL = "disk for files is full"


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own with room for 600 KB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "none", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def shop(tiny: Path) -> Iterator[Shop]:
    """Its store lies elsewhere, its files on the small disk."""
    with opened_shop(clock=TestClock(), data_dir=tiny) as shop:
        yield shop


def fill(folder: Path, *, leaving: int = 0) -> Path:
    """Takes the room there is, but for some bytes."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        while True:
            found = os.statvfs(folder)
            free = found.f_bavail * found.f_frsize - leaving
            if free < found.f_frsize:
                return filler
            file.write(bytes(min(free, 4096)))
            file.flush()


def spooled(folder: Path) -> list[bytes]:
    """The reports that wait."""
    source = SpoolSource(folder)
    try:
        return list(source.receive(threading.Event()).bodies)
    finally:
        source.close()


def test_an_upload_without_room_is_refused_and_leaves_nothing(shop: Shop, tiny: Path) -> None:
    rows = [order(f"#{number}", notes="x" * 900) for number in range(900)]
    with pytest.raises(DiskFullError, match=FULL):
        enqueue_import(shop, STAFF, ImportKind.ORDERS, "o.csv", io.BytesIO(text_of(rows).encode()))
    assert list_jobs(shop, STAFF) == []
    assert list((tiny / "uploads").iterdir()) == []


def test_check_names_the_full_disk(tiny: Path) -> None:
    filler = fill(tiny)
    assert FULL in check_folder(tiny).found
    filler.unlink()
    assert check_folder(tiny).ok


def test_a_snapshot_without_room_is_named_and_the_one_before_stays(shop: Shop, tiny: Path) -> None:
    for number in range(20):
        add_customer(shop, f"Ann Ash {number}")
    before = make_snapshot(shop)
    assert before is not None
    filler = fill(tiny)
    for _ in range(2):
        with pytest.raises(DiskFullError, match=FULL):
            make_snapshot(shop, whole=True)
    assert folders.current(shop) == before
    assert [path.name for path in folders.folder_of(shop).iterdir() if path.name.startswith("making")] == []
    filler.unlink()
    after = make_snapshot(shop, whole=True)
    assert after is not None
    assert after.name != before.name


def test_no_email_is_taken_whose_reports_have_no_room_and_none_is_lost_when_there_is_again(tiny: Path) -> None:
    outbox, spool = tiny.parent / "outbox", EventSpool(tiny)
    transport = OutboxTransport(outbox, events=spool)
    assert isinstance(transport.send(email()), Accepted)
    filler = fill(tiny, leaving=100_000)
    answer = transport.send(email())
    assert isinstance(answer, Refused)
    assert FULL in answer.reason
    assert (answer.retryable, answer.account_wide) == (True, True)
    filler.unlink()
    assert isinstance(transport.send(email()), Accepted)
    assert len(list((outbox / "new").iterdir())) == 2
    assert len({line for line in spooled(tiny) if b'"Send"' in line}) == 2


def test_a_report_is_written_whole_or_not_at_all(tiny: Path) -> None:
    spool = EventSpool(tiny)
    spool.write(b'{"first": 1}\n')
    filler = fill(tiny)
    with pytest.raises(OSError, match="No space"):
        spool.write(b'{"second": "' + b"x" * 60_000 + b'"}\n')
    filler.unlink()
    spool.write(b'{"third": 1}\n')
    assert spooled(tiny) == [b'{"first": 1}', b'{"third": 1}']


def test_an_import_waits_for_room_however_often_it_is_tried(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the import nor giving it back can be written; then there is room, and it is done as if nothing was."""
    stop, tries = threading.Event(), 0
    job = enqueue_import(shop, STAFF, ImportKind.ORDERS, "o.csv", io.BytesIO(text_of([order()]).encode()))
    release = queue.release

    def full(*_: object, **__: object) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DiskFullError("The disk of the store is full.")
        release(shop, replace(job, worker="one"))

    def no_room(*_: object, **__: object) -> None:
        raise DiskFullError("The disk of the store is full.")

    with monkeypatch.context() as patched:
        patched.setattr(worker, "_LOOK_FOR_ROOM", 0.001)
        patched.setattr(worker, "import_orders", no_room)
        patched.setattr(worker.queue, "release", full)
        for _ in range(2 * queue.MOST_ATTEMPTS):
            tries = 0
            with pytest.raises(DiskFullError):
                worker.work_once(shop, "one", stop)
            assert get_job(shop, STAFF, job.id).status is JobStatus.WAITING
    assert worker.work_once(shop, "one", stop)
    assert get_job(shop, STAFF, job.id).status is JobStatus.DONE
