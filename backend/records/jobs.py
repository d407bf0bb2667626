"""Jobs as items. Open ones stand in the list of work, so that workers find them without reading old ones."""

from __future__ import annotations

from datetime import datetime

from backend.domain.imports import Counts, ImportKind, Outcome
from backend.domain.jobs import Job, JobStatus
from backend.domain.team import Role
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.values import flag, number, optional_text, text, without_empty
from backend.store.port import Item, Key, Value

JOBS = "JOBS"
"""The partition of all jobs, and of the open ones in the index of work."""
_THOUSANDTHS = 1000


def job_item(job: Job) -> Item:
    mapping: dict[str, Value] = dict(job.mapping)
    item: Item = {
        "kind": job.kind.value,
        "file": job.file,
        "requested_by": job.requested_by,
        "role": job.role.value,
        "created_at": to_text(job.created_at),
        "status": job.status.value,
        "mapping": mapping,
        "encoding": job.encoding,
        "dates": job.dates,
        "customers_created": job.customers_created or None,
        "milliseconds": round(job.seconds * _THOUSANDTHS) or None,
        "has_report": job.has_report,
        "repaired": job.repaired or None,
        "error": job.error,
        "attempts": job.attempts or None,
        "worker": job.worker,
        "lease_until": _moment(job.lease_until),
        "finished_at": _moment(job.finished_at),
    }
    return without_empty(
        item | progress_attributes(job.share, job.counts) | (open_attributes(job.id) if job.is_open else {})
    )


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
    mapping = item.get("mapping", {})
    return Job(
        id=key.sk.removeprefix("J#"),
        kind=ImportKind(text(item, "kind")),
        file=text(item, "file", ""),
        requested_by=text(item, "requested_by", ""),
        role=Role(text(item, "role")),
        created_at=from_text(text(item, "created_at")),
        status=JobStatus(text(item, "status")),
        mapping={name: str(value) for name, value in mapping.items()} if isinstance(mapping, dict) else {},
        encoding=text(item, "encoding", ""),
        dates=text(item, "dates", ""),
        share=number(item, "share", 0) / _THOUSANDTHS,
        counts=_counts(item.get("counts")),
        customers_created=number(item, "customers_created", 0),
        seconds=number(item, "milliseconds", 0) / _THOUSANDTHS,
        has_report=flag(item, "has_report"),
        repaired=number(item, "repaired", 0),
        error=text(item, "error", ""),
        attempts=number(item, "attempts", 0),
        worker=text(item, "worker", ""),
        lease_until=_moment_from(optional_text(item, "lease_until")),
        finished_at=_moment_from(optional_text(item, "finished_at")),
    )


def _counts(value: Value) -> Counts:
    numbers = [each for each in value if isinstance(each, int)] if isinstance(value, list) else []
    return Counts(*numbers) if len(numbers) == len(Outcome) else Counts()


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


def _moment_from(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)
