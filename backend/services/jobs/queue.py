"""The workers' side of jobs. A job belongs to the worker that holds its lease (`services/concurrency/leases.py`).

    waiting ──take──▶ running ──finish──▶ done
       ▲                │  ├────fail────▶ failed
       └────release─────┘  └─lease over─▶ running again, by whoever takes it

Imports may be begun again at any point, so the lease is all the care that they need.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from backend.domain.imports import ImportKind, ImportProgress, ImportResult
from backend.domain.jobs import Job, JobStatus
from backend.domain.time import to_text
from backend.errors import UnreadableItemError
from backend.records.jobs import JOBS, job_from, open_attributes, progress_attributes
from backend.services.concurrency.leases import LeaseLostError, Leases
from backend.services.context import Shop
from backend.services.jobs.requests import report_path, upload_path
from backend.services.unreadable.items import readable, set_aside
from backend.store import schema
from backend.store.port import Delete, Equals, Item, Plus, Query, Row, pages_of

LEASE = timedelta(seconds=60)
_LEASES = Leases(LEASE, "Another worker has taken over this import.", holder="worker")
MOST_ATTEMPTS = 5
"""A job that ends its worker (out of memory, say) this often is given up."""
_FILE_PATIENCE = timedelta(minutes=10)
"""How long a job may wait for the worker on whose machine its file is."""
_UPLOADS_KEPT = timedelta(days=1)
_JOBS_KEPT = timedelta(days=30)


def take_next(shop: Shop, worker: str) -> Job | None:
    """The oldest job that nobody works on, leased to this worker; None when there is none."""
    for row in pages_of(shop.store, Query(schema.MAIL, JOBS, index="work", limit=25)):
        try:
            job = _take(shop, row, worker)
        except LeaseLostError:
            continue
        except UnreadableItemError as error:
            set_aside(shop, row.key, error.reason)
            continue
        if job is None:
            continue
        if reason := _hopeless(shop, job):
            fail(shop, job, reason)
        else:
            return job
    return None


def renew(shop: Shop, job: Job, progress: ImportProgress) -> None:
    """Says that the worker is alive, and how far it is.

    Raises: `LeaseLostError`.
    """
    changed = progress_attributes(progress.share, progress.counts)
    shop.store.update(_LEASES.renew(schema.job_key(job.id), job.lease, shop.clock(), set=changed))


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
    if result.new:
        changed["treated_as_new"] = result.new
    if result.missed:
        changed["had_not_arrived"] = result.missed
    if result.report is not None:
        changed["has_report"] = True
    _close(shop, job, JobStatus.DONE, changed)


def fail(shop: Shop, job: Job, sentence: str) -> None:
    """Notes why the job cannot be done.

    Raises: `LeaseLostError`.
    """
    _close(shop, job, JobStatus.FAILED, {"error": sentence})


def release(shop: Shop, job: Job) -> None:
    """Gives the job back, for any worker to begin again at once.

    Raises: `LeaseLostError`.
    """
    changed: Item = {"status": JobStatus.WAITING.value, **open_attributes(job.id)}
    update = _LEASES.release(schema.job_key(job.id), job.lease, set=changed, add={"attempts": Plus(-1)})
    shop.store.update(update)


def tidy(shop: Shop) -> None:
    """Deletes uploads a day after their import has ended, and jobs with their reports after a month."""
    now = shop.clock()
    rows = list(pages_of(shop.store, Query(schema.MAIL, JOBS, begins_with=schema.JOBS)))
    for job in readable(shop, rows, job_from):
        if job.finished_at is None:
            continue
        if job.finished_at < now - _UPLOADS_KEPT:
            upload_path(shop, job.id).unlink(missing_ok=True)
        if job.finished_at < now - _JOBS_KEPT:
            report_path(shop, job.id).unlink(missing_ok=True)
            shop.store.delete(Delete(schema.job_key(job.id)))
    _delete_orphans(shop)


def _take(shop: Shop, row: Row, worker: str) -> Job | None:
    """The job, if it is free. A lease that a clock gave which is ahead is bounded, for whoever comes later.

    Raises: `LeaseLostError` when somebody else was faster.
    """
    seen, now = _LEASES.of(row.key, row.item), shop.clock()
    if not seen.is_free(now):
        shorter = _LEASES.shorten(row.key, seen, now)
        if shorter is not None:
            shop.store.update(shorter)
        return None
    if _may_be_elsewhere(shop, row):
        return None
    is_open, begun = Equals("work", JOBS), {"status": JobStatus.RUNNING.value}
    taking = _LEASES.take(row.key, seen, now, worker, where=is_open, set=begun, add={"attempts": Plus(1)})
    return job_from(row.key, shop.store.update(taking))


def _may_be_elsewhere(shop: Shop, row: Row) -> bool:
    """Whether the file may lie on another machine, whose worker will take the job."""
    if upload_path(shop, schema.job_id_of(row.key)).exists():
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
    key, gone = schema.job_key(job.id), ("work", "work_at")
    shop.store.update(_LEASES.release(key, job.lease, set=changed | closing, remove=gone))


def _delete_orphans(shop: Shop) -> None:
    """Uploads without a job: the process ended between keeping the file and asking for the import."""
    oldest = (shop.clock() - _UPLOADS_KEPT).timestamp()
    folder = upload_path(shop, "").parent
    for path in list(folder.iterdir()) if folder.is_dir() else []:
        if path.stat().st_mtime < oldest and not _has_job(shop, path):
            path.unlink(missing_ok=True)


def _has_job(shop: Shop, path: Path) -> bool:
    return path.suffix == ".csv" and shop.store.get(schema.job_key(path.stem)) is not None
