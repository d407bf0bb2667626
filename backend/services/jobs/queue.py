"""The workers' side of jobs. A job belongs to the worker that holds its lease; who falls silent loses it.

    waiting ──take──▶ running ──finish──▶ done
       ▲                │  ├────fail────▶ failed
       └────release─────┘  └─lease over─▶ running again, by whoever takes it

Every step carries the condition that the worker still holds the job, so a worker that was asleep cannot end the work
of another. Imports may be begun again at any point, so that is all the care that they need.
"""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path

from backend.domain.imports import ImportKind, ImportResult, Progress
from backend.domain.jobs import Job, JobStatus
from backend.domain.leases import shortened
from backend.domain.time import from_text, to_text
from backend.errors import ConflictError, UnreadableItemError
from backend.records.jobs import JOBS, job_from, open_attributes, progress_attributes
from backend.services.context import Shop
from backend.services.jobs.requests import report_path, upload_path
from backend.services.unreadable.items import readable, set_aside
from backend.store import schema
from backend.store.port import AllOf, AnyOf, Below, Delete, Equals, Item, Missing, Plus, Query, Row, Update, pages_of

LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 5
"""A job that ends its worker (out of memory, say) this often is given up."""
_FILE_PATIENCE = timedelta(minutes=10)
"""How long a job may wait for the worker on whose machine its file is."""
_UPLOADS_KEPT = timedelta(days=1)
_JOBS_KEPT = timedelta(days=30)


class LeaseLostError(ConflictError):
    """Another worker has the job now."""


class _NotFreeError(ConflictError):
    """Another worker was faster."""


def take_next(shop: Shop, worker: str) -> Job | None:
    """The oldest job that nobody works on, leased to this worker; None when there is none."""
    for row in pages_of(shop.store, Query(schema.MAIL, JOBS, index="work", limit=25)):
        try:
            if not _looks_free(shop, row):
                _shorten(shop, row)
                continue
            if _may_be_elsewhere(shop, row):
                continue
            job = _take(shop, row, worker)
        except _NotFreeError:
            continue
        except UnreadableItemError as error:
            set_aside(shop, row.key, error.reason)
            continue
        if reason := _hopeless(shop, job):
            fail(shop, job, reason)
        else:
            return job
    return None


def renew(shop: Shop, job: Job, progress: Progress) -> None:
    """Says that the worker is alive, and how far it is.

    Raises: `LeaseLostError`.
    """
    changed = progress_attributes(progress.share, progress.counts)
    _step(shop, job, changed | {"lease_until": to_text(shop.clock() + LEASE)})


def finish(shop: Shop, job: Job, result: ImportResult) -> None:
    """Notes the result.

    Raises: `LeaseLostError`.
    """
    created = result.customers.created if result.kind is ImportKind.ORDERS else 0
    changed: Item = progress_attributes(1.0, result.counts) | {"milliseconds": round(result.seconds * 1000)}
    if created:
        changed["customers_created"] = created
    if result.repaired:
        changed["repaired"] = result.repaired
    if result.report is not None:
        changed["has_report"] = True
    _close(shop, job, JobStatus.DONE, changed)


def fail(shop: Shop, job: Job, sentence: str) -> None:
    """Notes why the job cannot be done.

    Raises: `LeaseLostError`.
    """
    _close(shop, job, JobStatus.FAILED, {"error": sentence})


def release(shop: Shop, job: Job) -> None:
    """Gives the job back, for any worker to begin anew at once.

    Raises: `LeaseLostError`.
    """
    changed: Item = {"status": JobStatus.WAITING.value, **open_attributes(job.id)}
    _step(shop, job, changed, gone=("lease_until", "worker"), attempts=-1)


def tidy(shop: Shop) -> None:
    """Deletes uploads a day after their import has ended, and jobs with their reports after a month."""
    now = shop.clock()
    rows = list(pages_of(shop.store, Query(schema.MAIL, JOBS, begins_with="J#")))
    for job in readable(shop, rows, job_from):
        if job.finished_at is None:
            continue
        if job.finished_at < now - _UPLOADS_KEPT:
            upload_path(shop, job.id).unlink(missing_ok=True)
        if job.finished_at < now - _JOBS_KEPT:
            report_path(shop, job.id).unlink(missing_ok=True)
            shop.store.delete(Delete(schema.job_key(job.id)))
    _delete_orphans(shop)


def _looks_free(shop: Shop, row: Row) -> bool:
    lease = row.item.get("lease_until")
    return not isinstance(lease, str) or from_text(lease) < shop.clock()


def _shorten(shop: Shop, row: Row) -> None:
    """Bounds a lease that a clock gave which is ahead; its holder is known by `worker` and keeps the job."""
    lease = str(row.item.get("lease_until"))
    until = shortened(from_text(lease), LEASE, shop.clock())
    if until is not None:
        with contextlib.suppress(_NotFreeError):
            changed = _NotFreeError("The job has been renewed, or has ended.")
            seen = Equals("lease_until", lease)
            shop.store.update(Update(row.key, set={"lease_until": to_text(until)}, condition=seen, otherwise=changed))


def _take(shop: Shop, row: Row, worker: str) -> Job:
    now = shop.clock()
    free = AnyOf((Missing("lease_until"), Below("lease_until", to_text(now))))
    item = shop.store.update(
        Update(
            row.key,
            set={"status": JobStatus.RUNNING.value, "worker": worker, "lease_until": to_text(now + LEASE)},
            add={"attempts": Plus(1)},
            condition=AllOf((Equals("work", JOBS), free)),
            otherwise=_NotFreeError("Another worker was faster."),
        )
    )
    return job_from(row.key, item)


def _may_be_elsewhere(shop: Shop, row: Row) -> bool:
    """Whether the file may lie on another machine, whose worker will take the job."""
    if upload_path(shop, row.key.sk.removeprefix("J#")).exists():
        return False
    item = shop.store.get(row.key)
    return item is not None and shop.clock() - job_from(row.key, item).created_at < _FILE_PATIENCE


def _hopeless(shop: Shop, job: Job) -> str:
    """Why the job cannot be done; "" when it can."""
    if job.attempts > MOST_ATTEMPTS:
        return f"The import ended its worker {MOST_ATTEMPTS} times without finishing. Ask an engineer."
    if not upload_path(shop, job.id).exists():
        return "The uploaded file is gone (the server's disk may have been emptied). Upload it again."
    return ""


def _close(shop: Shop, job: Job, status: JobStatus, changed: Item) -> None:
    closing: Item = {"status": status.value, "finished_at": to_text(shop.clock())}
    _step(shop, job, changed | closing, gone=("lease_until", "worker", "work", "work_at"))


def _step(shop: Shop, job: Job, changed: Item, *, gone: tuple[str, ...] = (), attempts: int = 0) -> None:
    shop.store.update(
        Update(
            schema.job_key(job.id),
            set=changed,
            add={"attempts": Plus(attempts)} if attempts else {},
            remove=gone,
            condition=AllOf((Equals("worker", job.worker), Equals("status", JobStatus.RUNNING.value))),
            otherwise=LeaseLostError("Another worker has taken over this import."),
        )
    )


def _delete_orphans(shop: Shop) -> None:
    """Uploads without a job: the process ended between keeping the file and asking for the import."""
    oldest = (shop.clock() - _UPLOADS_KEPT).timestamp()
    folder = upload_path(shop, "").parent
    for path in list(folder.iterdir()) if folder.is_dir() else []:
        if path.stat().st_mtime < oldest and not _has_job(shop, path):
            path.unlink(missing_ok=True)


def _has_job(shop: Shop, path: Path) -> bool:
    return path.suffix == ".csv" and shop.store.get(schema.job_key(path.stem)) is not None
