"""Imports that a page asks for: what is kept, who may do it, and who has it when two workers want it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from backend.domain.imports import Counts, ImportKind, ImportProgress, ImportResult
from backend.domain.jobs import Job, JobStatus
from backend.domain.team import Actor
from backend.errors import InvalidInputError, NotFoundError, PermissionDeniedError
from backend.services.concurrency.leases import LeaseLostError
from backend.services.context import Shop
from backend.services.jobs import queue
from backend.services.jobs.queue import LEASE, MOST_ATTEMPTS, take_next
from backend.services.jobs.requests import (
    enqueue_import,
    find_report,
    get_job,
    list_jobs,
    new_job_id,
    report_path,
    upload_path,
)
from tests.services.imports.shopify_csv import order, text_of
from tests.support import MANAGER, STAFF, TestClock, outcomes_of

ORDERS = text_of([order()]).encode()


def asked(shop: Shop, content: bytes = ORDERS, job_id: str = "") -> Job:
    return enqueue_import(shop, STAFF, ImportKind.ORDERS, "orders_export.csv", io.BytesIO(content), job_id=job_id)


def taken(shop: Shop, worker: str = "one") -> Job:
    job = take_next(shop, worker)
    assert job is not None
    return job


def test_an_import_that_was_asked_for_waits_with_its_file_which_others_cannot_read(shop: Shop) -> None:
    job = asked(shop)

    assert (job.status, job.file, job.requested_by, job.share) == (JobStatus.WAITING, "orders_export.csv", "sam", 0.0)
    path = upload_path(shop, job.id)
    assert path.read_bytes() == ORDERS
    assert path.stat().st_mode & 0o777 == 0o600
    assert list_jobs(shop, STAFF) == [job]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_double_click_asks_once(shop: Shop) -> None:
    key = new_job_id(shop)
    first, second = asked(shop, job_id=key), asked(shop, job_id=key)
    assert first == second
    assert list_jobs(shop, STAFF) == [first]


def test_two_clicks_at_the_same_moment_ask_once(shared_shop: Shop) -> None:
    key = new_job_id(shared_shop)
    results = outcomes_of([partial(asked, shared_shop, job_id=key)] * 4)
    assert {job.id for job in results if isinstance(job, Job)} == {key}
    assert len(list_jobs(shared_shop, STAFF)) == 1


def test_jobs_are_listed_newest_first(shop: Shop, clock: TestClock) -> None:
    ids = []
    for _ in range(3):
        clock.forward(seconds=1)
        ids.append(asked(shop).id)
    assert [job.id for job in list_jobs(shop, MANAGER, limit=2)] == [ids[2], ids[1]]


@pytest.mark.parametrize("content", [b"", b"Email,Name\n", b"PK\x03\x04 a workbook"])
def test_a_file_that_is_no_export_is_refused_at_once_and_not_kept(shop: Shop, content: bytes) -> None:
    with pytest.raises(InvalidInputError):
        asked(shop, content)
    assert not upload_path(shop, "x").parent.exists()
    assert list_jobs(shop, STAFF) == []


def test_a_mapping_that_does_not_fit_is_refused_at_once(shop: Shop) -> None:
    table = io.BytesIO(b"Mail,Name\nmaria@example.com,Maria\n")
    with pytest.raises(InvalidInputError, match="no column"):
        enqueue_import(shop, STAFF, ImportKind.CUSTOMERS, "c.csv", table, mapping={"email": "E-Mail"})


def test_a_mapping_and_an_encoding_are_kept_for_the_worker(shop: Shop) -> None:
    table = io.BytesIO("Mail,Name\nmaria@example.com,Jürgen\n".encode("cp1252"))
    mapping = {"email": "Mail", "name": "Name"}
    job = enqueue_import(shop, STAFF, ImportKind.CUSTOMERS, "c.csv", table, mapping=mapping, encoding="cp1252")
    assert (get_job(shop, STAFF, job.id).mapping, job.encoding, job.kind) == (mapping, "cp1252", ImportKind.CUSTOMERS)


@pytest.mark.parametrize("key", ["../../etc/passwd", "short", "x" * 20, ""])
def test_a_key_that_could_name_another_file_is_refused(shop: Shop, key: str) -> None:
    if key:
        with pytest.raises(InvalidInputError):
            asked(shop, job_id=key)
    with pytest.raises(NotFoundError):
        get_job(shop, STAFF, key)


@pytest.mark.parametrize(
    ("name", "shown"), [("C:/x/orders.csv", "orders.csv"), ("a\u202eb.csv", "upload.csv"), ("", "upload.csv")]
)
def test_a_files_name_is_shown_as_one_harmless_line(shop: Shop, name: str, shown: str) -> None:
    assert enqueue_import(shop, STAFF, ImportKind.ORDERS, name, io.BytesIO(ORDERS)).file == shown


def test_the_oldest_job_is_taken_first_and_by_one_worker(shop: Shop, clock: TestClock) -> None:
    first = asked(shop)
    clock.forward(seconds=1)
    second = asked(shop)

    jobs = [take_next(shop, worker) for worker in ("one", "two", "three")]

    assert [job.id if job else None for job in jobs] == [first.id, second.id, None]
    assert [(job.status, job.worker) for job in jobs if job] == [("running", "one"), ("running", "two")]


def test_of_many_workers_who_ask_at_once_one_gets_the_job(shared_shop: Shop) -> None:
    asked(shared_shop)
    results = outcomes_of([partial(take_next, shared_shop, f"worker {n}") for n in range(8)])
    assert sum(isinstance(result, Job) for result in results) == 1
    assert sum(result is None for result in results) == 7


def test_a_job_whose_worker_fell_silent_is_taken_up_by_another(shop: Shop, clock: TestClock) -> None:
    asked(shop)
    silent = taken(shop, "one")
    clock.now += LEASE - timedelta(microseconds=1)
    assert take_next(shop, "two") is None
    clock.forward(microseconds=1)
    heir = taken(shop, "two")

    assert (heir.id, heir.attempts) == (silent.id, 2)
    steps: list[Callable[[], None]] = [
        partial(queue.renew, shop, silent, ImportProgress(0.5, Counts())),
        partial(queue.finish, shop, silent, ImportResult(ImportKind.ORDERS)),
        partial(queue.fail, shop, silent, "No."),
        partial(queue.release, shop, silent),
    ]
    for step in steps:
        with pytest.raises(LeaseLostError):
            step()
    assert get_job(shop, STAFF, silent.id).worker == "two"


def test_a_job_that_a_clock_ahead_has_leased_is_free_after_a_lease_unless_it_is_renewed(
    shop: Shop, clock: TestClock
) -> None:
    asked(shop)
    ahead = replace(shop, clock=TestClock(clock() + timedelta(minutes=10)))
    job = taken(ahead, "ahead")
    assert take_next(shop, "two") is None
    queue.renew(ahead, job, ImportProgress(0.5, Counts()))
    assert take_next(shop, "two") is None
    clock.now += LEASE - timedelta(microseconds=1)
    assert take_next(shop, "two") is None
    clock.forward(microseconds=1)
    assert taken(shop, "two").id == job.id


def test_a_worker_that_says_how_far_it_is_keeps_the_job(shop: Shop, clock: TestClock) -> None:
    asked(shop)
    job = taken(shop)
    for share in (0.3, 0.6, 0.9):
        clock.now += LEASE - timedelta(seconds=1)
        queue.renew(shop, job, ImportProgress(share, Counts(created=5)))
        assert take_next(shop, "two") is None
    shown = get_job(shop, STAFF, job.id)
    assert (shown.share, shown.counts) == (0.9, Counts(created=5))


def test_a_finished_job_shows_its_result_and_is_not_taken_again(shop: Shop, tmp_path: Path) -> None:
    asked(shop)
    job = taken(shop)
    counts = Counts(created=3, failed=1)
    result = ImportResult(ImportKind.ORDERS, counts, Counts(created=2), 1.25, report_path(shop, job.id))
    report_path(shop, job.id).parent.mkdir()
    report_path(shop, job.id).write_text("Order,Line")

    queue.finish(shop, job, result)

    shown = get_job(shop, STAFF, job.id)
    assert (shown.status, shown.share, shown.counts, shown.customers_created) == ("done", 1.0, counts, 2)
    assert (shown.seconds, shown.lease_until, shown.is_open) == (1.25, None, False)
    assert find_report(shop, STAFF, job.id).read_text() == "Order,Line"
    assert take_next(shop, "two") is None


def test_a_job_without_faults_has_no_report(shop: Shop) -> None:
    asked(shop)
    job = taken(shop)
    queue.finish(shop, job, ImportResult(ImportKind.ORDERS))
    with pytest.raises(NotFoundError):
        find_report(shop, STAFF, job.id)


def test_a_job_that_was_given_back_is_taken_at_once(shop: Shop) -> None:
    asked(shop)
    job = taken(shop, "one")
    queue.release(shop, job)

    again = taken(shop, "two")

    assert (again.id, again.attempts) == (job.id, 1)


def test_a_job_that_ends_its_workers_is_given_up(shop: Shop, clock: TestClock) -> None:
    job = asked(shop)
    for _ in range(MOST_ATTEMPTS):
        assert taken(shop).id == job.id
        clock.now += LEASE + timedelta(seconds=1)

    assert take_next(shop, "one") is None
    shown = get_job(shop, STAFF, job.id)
    assert shown.status is JobStatus.FAILED
    assert f"{MOST_ATTEMPTS} times" in shown.error


def test_a_job_whose_file_is_elsewhere_waits_for_that_machine_and_then_fails(shop: Shop, clock: TestClock) -> None:
    job = asked(shop)
    upload_path(shop, job.id).unlink()

    assert take_next(shop, "one") is None
    assert get_job(shop, STAFF, job.id).status is JobStatus.WAITING
    clock.forward(minutes=11)
    assert take_next(shop, "one") is None

    assert "Upload it again" in get_job(shop, STAFF, job.id).error


def test_uploads_go_after_a_day_and_jobs_with_their_reports_after_a_month(shop: Shop, clock: TestClock) -> None:
    asked(shop)
    job = taken(shop)
    report = report_path(shop, job.id)
    report.parent.mkdir()
    report.write_text("x")
    queue.finish(shop, job, ImportResult(ImportKind.ORDERS, report=report))
    waiting = asked(shop)

    clock.forward(hours=23)
    queue.tidy(shop)
    assert upload_path(shop, job.id).exists()
    clock.forward(hours=2)
    queue.tidy(shop)
    assert not upload_path(shop, job.id).exists()
    assert report.exists()
    clock.forward(days=30)
    queue.tidy(shop)

    assert not report.exists()
    assert list_jobs(shop, STAFF) == [waiting]
    assert upload_path(shop, waiting.id).exists()


def test_files_that_nobody_asked_to_import_are_deleted_after_a_day(shop: Shop, clock: TestClock) -> None:
    kept = upload_path(shop, asked(shop).id)
    old = [kept.with_name("20260101000000ABCDEFGH.csv"), kept.with_name("X.123.part")]
    young = kept.with_name("20260102000000ABCDEFGH.csv")
    for path in (*old, young):
        path.touch()
    for path in (*old, kept):
        os.utime(path, times=(clock.now.timestamp() - 90_000,) * 2)
    os.utime(young, times=(clock.now.timestamp(),) * 2)

    queue.tidy(shop)

    assert sorted(kept.parent.iterdir()) == sorted([kept, young])


def test_a_suppression_list_is_imported_by_those_who_may_change_it(shop: Shop) -> None:
    def ask(actor: Actor, content: bytes = b"email\nmaria@example.com\n") -> Job:
        return enqueue_import(shop, actor, ImportKind.SUPPRESSIONS, "list.csv", io.BytesIO(content))

    job = ask(STAFF)
    asked(shop)
    assert list_jobs(shop, STAFF, kind=ImportKind.SUPPRESSIONS) == [job]
    with pytest.raises(PermissionDeniedError):
        ask(MANAGER)
    with pytest.raises(InvalidInputError, match="no column"):
        ask(STAFF, b"name\nMaria\n")
