"""The suppression list: addresses that get no mail, or no marketing mail, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from backend.domain.emails import Kind

ERASED = "erased "
"""What the list shows in the place of an erased address, with its digest behind it."""
IMPORTED = "import"
"""The source of what a file of suppressions brought."""


class SuppressionReason(StrEnum):
    """Why an address is on the list, the strongest first."""

    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    MANUAL = "manual"
    UNSUBSCRIBED = "unsubscribed"

    @property
    def label(self) -> str:
        """For people."""
        return _LABELS[self]

    @property
    def marketing_only(self) -> bool:
        """Whoever unsubscribes still gets what belongs to their orders; the other reasons stop all mail."""
        return self is SuppressionReason.UNSUBSCRIBED

    @property
    def weakness(self) -> int:
        """0 for the strongest."""
        return list(SuppressionReason).index(self)


_LABELS = {
    SuppressionReason.COMPLAINT: "Marked mail as spam",
    SuppressionReason.HARD_BOUNCE: "Mail bounced",
    SuppressionReason.MANUAL: "Entered by hand",
    SuppressionReason.UNSUBSCRIBED: "Unsubscribed",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason for suppressing an address: since when, its source ("staff", "import", …), by whom, and a note."""

    reason: SuppressionReason
    at: datetime
    source: str
    by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Suppression:
    """An entry of the list. `causes` is never empty: the strongest first, each reason once."""

    address: str
    causes: tuple[Cause, ...]

    @property
    def is_erased(self) -> bool:
        """Whether the address is known by its digest only."""
        return self.address.startswith(ERASED)

    @property
    def reason(self) -> SuppressionReason:
        """The strongest reason."""
        return self.causes[0].reason

    @property
    def at(self) -> datetime:
        """Since when the strongest reason applies."""
        return self.causes[0].at

    def holds_for(self, kind: Kind) -> bool:
        """Whether mail of this kind must not go to the address."""
        return any(kind is Kind.MARKETING or not cause.reason.marketing_only for cause in self.causes)

    def erased(self, digest: str) -> Suppression:
        """The entry of an address that is known by its digest from now on; notes may have named somebody."""
        return Suppression(f"{ERASED}{digest}", tuple(replace(cause, note="") for cause in self.causes))

    def with_cause(self, cause: Cause) -> Suppression:
        """The entry with one more reason; a reason that is there already stays as it is."""
        if any(each.reason is cause.reason for each in self.causes):
            return self
        causes = sorted((*self.causes, cause), key=lambda each: each.reason.weakness)
        return Suppression(self.address, tuple(causes))

    def without(self, reason: SuppressionReason | None) -> Suppression | None:
        """The entry without this reason, or without any (None); None when no reason is left."""
        left = tuple(cause for cause in self.causes if reason is not None and cause.reason is not reason)
        return Suppression(self.address, left) if left else None


class SuppressionChange(StrEnum):
    """What happened to an entry."""

    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class SuppressionEvent:
    """One change of an entry; removed ones stay known by it. `note` says why."""

    at: datetime
    change: SuppressionChange
    reasons: tuple[SuppressionReason, ...]
    source: str
    by: str = ""
    note: str = ""
