"""The worker: does what was asked, says how far it is, stops when told, and leaves nothing half done."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.domain.imports import ImportKind, ImportProgress
from backend.domain.jobs import Job, JobStatus
from backend.errors import StoreBusyError
from backend.services.context import Shop
from backend.services.imports import batches
from backend.services.jobs import queue
from backend.services.jobs.requests import enqueue_import, find_report, get_job
from backend.services.orders.lists import find_order
from backend.services.suppression.entries import find_suppression
from backend.workers import jobs as worker
from backend.workers.jobs import import_rounds, work_once
from backend.workers.loop import Workplace, in_rounds
from benchmarks.shopify_file import write_shopify_file
from tests.services.imports.shopify_csv import order, text_of
from tests.support import STAFF, opened_shop

NEVER = threading.Event()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(f"sqlite:///{tmp_path}/tillpost.db", data_dir=tmp_path) as shop:
        yield shop


def asked(shop: Shop, *rows: dict[str, str]) -> Job:
    return enqueue_import(shop, STAFF, ImportKind.ORDERS, "orders.csv", io.BytesIO(text_of(rows).encode()))


def large_job(shop: Shop, orders: int) -> Job:
    path = shop.data_dir / "orders.csv"
    write_shopify_file(path, orders)
    with path.open("rb") as file:
        return enqueue_import(shop, STAFF, ImportKind.ORDERS, "orders.csv", file)


def now(shop: Shop, job: Job) -> Job:
    return get_job(shop, STAFF, job.id)


def test_a_job_is_done_with_its_counts_and_a_report_of_what_failed(shop: Shop) -> None:
    job = asked(shop, order(), order("#1002", total="?"))

    assert work_once(shop, "one", NEVER)

    done = now(shop, job)
    assert (done.status, done.counts.created, done.counts.failed, done.customers_created) == ("done", 1, 1, 1)
    assert "#1002,3,Total" in find_report(shop, STAFF, job.id).read_text("utf-8-sig")
    order_placed = find_order(shop, "#1001")
    assert order_placed is not None
    assert order_placed.history[0].by == "sam"
    assert not work_once(shop, "one", NEVER)


def test_customers_are_imported_with_their_mapping(shop: Shop) -> None:
    table = io.BytesIO(b"Mail,Who\nmaria@example.com,Maria\n")
    job = enqueue_import(
        shop, STAFF, ImportKind.CUSTOMERS, "c.csv", table, mapping={"email": "Mail", "name": "Who"}
    )  # fmt: skip
    work_once(shop, "one", NEVER)
    assert (now(shop, job).status, now(shop, job).counts.created) == ("done", 1)


def test_a_file_that_turns_out_to_be_unreadable_fails_with_the_sentence(shop: Shop) -> None:
    content = text_of([order(f"#{1001 + number}") for number in range(200)]).encode("utf-16") + b"\x00"
    job = enqueue_import(shop, STAFF, ImportKind.ORDERS, "orders.csv", io.BytesIO(content))
    work_once(shop, "one", NEVER)
    assert now(shop, job).status is JobStatus.FAILED
    assert "no UTF-16" in now(shop, job).error


def test_what_should_not_happen_becomes_an_incident_number_and_the_worker_lives(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    job = asked(shop, order())
    with monkeypatch.context() as patch:
        patch.setattr(worker, "import_orders", explode)
        assert work_once(shop, "one", NEVER)

    assert now(shop, job).status is JobStatus.FAILED
    assert "incident" in now(shop, job).error
    assert "secret" not in now(shop, job).error


def test_a_busy_store_gives_the_job_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise StoreBusyError("The store is busy.")

    job = asked(shop, order())
    with monkeypatch.context() as patch:
        patch.setattr(worker, "import_orders", busy)
        with pytest.raises(StoreBusyError):
            work_once(shop, "one", NEVER)

    assert now(shop, job).status is JobStatus.WAITING
    assert work_once(shop, "two", NEVER)
    assert now(shop, job).status is JobStatus.DONE


def test_the_lease_is_renewed_with_the_progress_while_the_work_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_RENEW_SECONDS", 0.0)
    monkeypatch.setattr(batches, "SIZE", 10)
    seen: list[float] = []
    renew = queue.renew

    def watched(shop: Shop, job: Job, progress: ImportProgress) -> None:
        renew(shop, job, progress)
        seen.append(now(shop, job).share)

    monkeypatch.setattr(queue, "renew", watched)
    large_job(shop, 150)

    work_once(shop, "one", NEVER)

    assert seen == sorted(seen)
    assert len(set(seen)) > 4


def test_a_worker_whose_job_was_taken_over_leaves_it_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_RENEW_SECONDS", 0.0)
    job = asked(shop, *(order(f"#{number}") for number in range(20)))
    take = queue.take_next

    def taken_over(shop: Shop, worker: str) -> Job | None:
        mine = take(shop, worker)
        if mine is not None:
            queue.release(shop, mine)
            assert take(shop, "two") is not None
        return mine

    monkeypatch.setattr(queue, "take_next", taken_over)
    assert work_once(shop, "one", NEVER)
    assert (now(shop, job).status, now(shop, job).worker) == (JobStatus.RUNNING, "two")


def running_worker(shop: Shop, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=in_rounds("imports", import_rounds).run, args=(Workplace(shop, None, None), stop))
    thread.start()
    return thread


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_worker_that_is_asked_to_stop_gives_the_job_back_and_another_one_completes_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_RENEW_SECONDS", 0.0)
    monkeypatch.setattr(batches, "SIZE", 10)
    job = large_job(shop, 1_500)
    stop = threading.Event()
    thread = running_worker(shop, stop)
    until(lambda: now(shop, job).counts.created > 0)

    stop.set()
    thread.join(5)

    assert not thread.is_alive()
    assert now(shop, job).status is JobStatus.WAITING
    monkeypatch.setattr(batches, "SIZE", 500)
    assert work_once(shop, "two", NEVER)
    counts = now(shop, job).counts
    assert (counts.total, counts.failed) == (1_500, 0)
    assert counts.unchanged > 0


def test_two_workers_share_the_jobs_and_do_each_once(shop: Shop) -> None:
    jobs = [asked(shop, order(f"#{number}")) for number in range(6)]
    stop = threading.Event()
    threads = [running_worker(shop, stop) for _ in range(2)]
    until(lambda: all(now(shop, job).status is JobStatus.DONE for job in jobs))
    stop.set()
    for thread in threads:
        thread.join(5)
    assert [now(shop, job).attempts for job in jobs] == [1] * 6
    assert [now(shop, job).counts.created for job in jobs] == [1] * 6


def test_a_worker_outlives_a_store_that_cannot_be_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "LONGEST_PAUSE", 0.01)
    take, failures = queue.take_next, [StoreBusyError("Busy."), RuntimeError("A bug")]

    def failing(shop: Shop, worker: str) -> Job | None:
        if failures:
            raise failures.pop()
        return take(shop, worker)

    monkeypatch.setattr(queue, "take_next", failing)
    job = asked(shop, order())
    stop = threading.Event()
    thread = running_worker(shop, stop)
    until(lambda: now(shop, job).status is JobStatus.DONE)
    stop.set()
    thread.join(5)
    assert failures == []


def test_a_suppression_list_is_taken_in_with_a_report_and_given_back_when_the_worker_stops(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"user{number}@example.com\n" for number in range(500))
    table = io.BytesIO(f"email\nnonsense\n{lines}".encode())
    job = enqueue_import(shop, STAFF, ImportKind.SUPPRESSIONS, "list.csv", table)
    stop = threading.Event()
    stop.set()
    work_once(shop, "one", stop)
    assert now(shop, job).status == JobStatus.WAITING
    monkeypatch.setattr(worker, "_RENEW_SECONDS", 0)
    work_once(shop, "two", NEVER)
    done = now(shop, job)
    assert (done.status, done.counts.created, done.counts.failed) == (JobStatus.DONE, 500, 1)
    assert "This is not an email address." in find_report(shop, STAFF, job.id).read_text("utf-8-sig")
    assert find_suppression(shop, "user499@example.com") is not None
