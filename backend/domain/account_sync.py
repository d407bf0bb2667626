"""Comparison and synchronisation of the shop's suppression list with that of the provider's account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.leases import Lease
from backend.domain.suppression import SuppressionReason
from backend.domain.team import Actor, Role


class SyncAction(StrEnum):
    """What a job can do. COMPARE changes nothing; it has to run before the others, because it gives their counts."""

    COMPARE = "compare"
    TAKE_OVER = "take over"
    PUSH = "push"


class SyncState(StrEnum):
    """The state of a job."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sync:
    """A job that somebody requested: `seen` entries were read, `changed` were new on the other list.

    `cursor` is where the next step begins. After `lease_until` another worker may take the job.
    """

    id: str
    action: SyncAction
    requested_by: str
    role: Role
    asked_at: datetime
    state: SyncState = SyncState.OPEN
    seen: int = 0
    changed: int = 0
    cursor: str | None = None
    error: str = ""
    lease_until: datetime | None = None

    @property
    def actor(self) -> Actor:
        """The member who requested it."""
        return Actor(self.requested_by, self.role)

    @property
    def lease(self) -> Lease:
        return Lease(self.lease_until)

    @property
    def is_open(self) -> bool:
        return self.state is SyncState.OPEN


@dataclass(frozen=True, slots=True)
class SampleLine:
    """An entry of the account's list; `here` says whether the shop's list has it for this reason too."""

    address: str
    reason: SuppressionReason
    here: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts: entries of the account's list, those that the shop's list lacks, and those of the shop's list to push."""

    at: datetime
    there: int
    missing_here: int
    ours: int
    sample: tuple[SampleLine, ...] = ()

    def count_for(self, action: SyncAction) -> int:
        """How many addresses an action is about, by this comparison."""
        return {SyncAction.COMPARE: self.there, SyncAction.TAKE_OVER: self.missing_here, SyncAction.PUSH: self.ours}[
            action
        ]
