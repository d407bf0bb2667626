"""Jobs: work that is requested on a page and done by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from backend.domain.imports import Counts, ImportKind
from backend.domain.leases import Lease
from backend.domain.team import Actor, Role


class JobStatus(StrEnum):
    """The state of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """One import that somebody requested.

    `share` is how much is done, between 0 and 1. `counts` are of what the file holds, `customers_created` of customers
    that came with orders, `repaired` of cells that were put right. `source`
    names the shop of mapped orders, `sheet` that of a workbook, `dates` what comes first in dates that can be
    read in two ways, "" if not given. Orders of the last `new_days` days start automations; `treated_as_new` counts
    those that did. `had_not_arrived` are orders of a connected shop that its webhooks have not brought. `error` says
    why it failed; `has_report` that a file lists what was left out or repaired. After `lease_until` another worker than
    `worker` may take the job. `attempts` counts how often it was begun.
    """

    id: str
    kind: ImportKind
    file: str
    requested_by: str
    role: Role
    created_at: datetime
    status: JobStatus = JobStatus.WAITING
    mapping: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    sheet: str = ""
    encoding: str = ""
    dates: str = ""
    new_days: int = 0
    share: float = 0.0
    counts: Counts = field(default_factory=Counts)
    customers_created: int = 0
    seconds: float = 0.0
    has_report: bool = False
    repaired: int = 0
    treated_as_new: int = 0
    had_not_arrived: int = 0
    error: str = ""
    attempts: int = 0
    worker: str = ""
    lease_until: datetime | None = None
    finished_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """The member who requested it."""
        return Actor(self.requested_by, self.role)

    @property
    def lease(self) -> Lease:
        """Who works on it."""
        return Lease(self.lease_until, self.worker)

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.status in (JobStatus.WAITING, JobStatus.RUNNING)
