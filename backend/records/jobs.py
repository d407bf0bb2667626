"""Jobs as items. Open ones are in the list of work, so that workers find them without reading old ones."""

from __future__ import annotations

from backend.domain.imports import Counts
from backend.domain.jobs import Job
from backend.records.conversion import key_given, reads
from backend.records.declared import Record, parts, row
from backend.store import schema
from backend.store.port import Item, Key

JOBS = schema.JOB_LIST
"""The partition of all jobs, and of the open ones in the index of work."""
_THOUSANDTHS = 1000


_JOB = Record(
    Job,
    given=("id",),
    blank=("file", "requested_by"),
    needed=("status",),
    sparse=(
        "customers_created",
        "repaired",
        "attempts",
        "new_days",
        "treated_as_new",
        "source",
        "sheet",
        "had_not_arrived",
    ),
    share=parts(_THOUSANDTHS),
    counts=row(Counts),
    seconds=parts(_THOUSANDTHS, "milliseconds", zero=None),
)


def job_item(job: Job) -> Item:
    return _JOB.item(job, **open_attributes(job.id) if job.is_open else {})


def open_attributes(job_id: str) -> Item:
    """What puts a job into the list of work."""
    return {"work": JOBS, "work_at": job_id}


def progress_attributes(share: float, counts: Counts) -> Item:
    return {
        "share": round(share * _THOUSANDTHS),
        "counts": [counts.created, counts.updated, counts.unchanged, counts.failed],
    }


@reads(key_given)
def job_from(key: Key, item: Item) -> Job:
    return _JOB.read(item, id=schema.job_id_of(key))
