"""The suppression list of the provider's account beside ours: how they compare, and the work that joins them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.leases import Lease
from backend.domain.suppression import SuppressionReason
from backend.domain.team import Actor, Role


class SyncDeed(StrEnum):
    """What can be asked for. COMPARE changes nothing and comes before the others, whose counts it gives."""

    COMPARE = "compare"
    TAKE_OVER = "take over"
    PUSH = "push"


class SyncState(StrEnum):
    """Where the work stands."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Sync:
    """Work that somebody has asked for: `seen` entries were looked at, `changed` were new on the other list.

    `cursor` is where the next step begins, `lease_until` how long the worker that does it may be silent.
    """

    id: str
    deed: SyncDeed
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
        """On whose behalf the work is done."""
        return Actor(self.requested_by, self.role)

    @property
    def lease(self) -> Lease:
        return Lease(self.lease_until)

    @property
    def is_open(self) -> bool:
        return self.state is SyncState.OPEN


@dataclass(frozen=True, slots=True)
class SampleLine:
    """An entry of the account's list; `here` says whether ours has it for this reason too."""

    address: str
    reason: SuppressionReason
    here: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many entries the account's list has, how many of them ours lacks, and what of ours belongs there."""

    at: datetime
    there: int
    missing_here: int
    ours: int
    sample: tuple[SampleLine, ...] = ()

    def count_for(self, deed: SyncDeed) -> int:
        """How many addresses a deed is about, as far as the comparison tells."""
        return {SyncDeed.COMPARE: self.there, SyncDeed.TAKE_OVER: self.missing_here, SyncDeed.PUSH: self.ours}[deed]
