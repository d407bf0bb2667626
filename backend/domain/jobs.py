"""Jobs: work that a page asks for and a worker does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from backend.domain.imports import Counts, ImportKind
from backend.domain.leases import Lease
from backend.domain.team import Actor, Role


class JobStatus(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One import that somebody asked for.

    `share` is how much is done, between 0 and 1. `counts` are of what the file holds, `customers_created` of customers
    that came with orders, `repaired` of cells that were put right. `dates` is what stands first in dates that can be
    read in two ways, "" when nobody said. `error` says why it failed; `has_report` that a file lists what was left out
    or repaired. `lease_until` is how long the `worker` may be silent before another takes the job. `attempts` counts
    how often it was begun.
    """

    id: str
    kind: ImportKind
    file: str
    requested_by: str
    role: Role
    created_at: datetime
    status: JobStatus = JobStatus.WAITING
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    dates: str = ""
    share: float = 0.0
    counts: Counts = field(default_factory=Counts)
    customers_created: int = 0
    seconds: float = 0.0
    has_report: bool = False
    repaired: int = 0
    error: str = ""
    attempts: int = 0
    worker: str = ""
    lease_until: datetime | None = None
    finished_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """On whose behalf the work is done."""
        return Actor(self.requested_by, self.role)

    @property
    def lease(self) -> Lease:
        """Who works on it."""
        return Lease(self.lease_until, self.worker)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in (JobStatus.WAITING, JobStatus.RUNNING)
