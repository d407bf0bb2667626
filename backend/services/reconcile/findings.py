"""What is wrong with what is kept, and how it is repaired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from backend.errors import AlreadyExistsError, BackendError, ConditionFailedError, ConflictError, UnreadableItemError
from backend.services.context import Shop
from backend.store.port import AllOf, Condition, Equals, Item, Missing, Write

MOST_LISTED = 10_000
"""Drifts that a result lists; more are only counted, since everything may be wrong at once."""

Figure = str | int


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that is kept and is not what the orders and customers say. Holds no personal data."""

    what: str
    expected: Figure
    found: Figure
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Drifts that one transaction repairs; without writes they are left to a person."""

    drifts: tuple[Drift, ...]
    repair: tuple[Write, ...] = ()


@dataclass(slots=True)
class Reconciliation:
    """What a reconciliation looked at and what it found. `drift_count` counts also what `drift` has no room for.

    `unsettled` counts figures that kept changing while they were counted.
    """

    customers: int = 0
    orders: int = 0
    drift: list[Drift] = field(default_factory=list)
    drift_count: int = 0
    fixed_count: int = 0
    unsettled: int = 0

    def add(self, drifts: Sequence[Drift], *, fixed: bool) -> None:
        self.drift_count += len(drifts)
        self.fixed_count += len(drifts) if fixed else 0
        room = max(MOST_LISTED - len(self.drift), 0)
        self.drift += [replace(drift, fixed=fixed) for drift in drifts[:room]]


def repair(shop: Shop, findings: Sequence[Finding]) -> list[bool]:
    """Whether each repair was made; not when there is none, or when something has changed since it was found."""
    outcomes = iter(shop.store.transact_each([finding.repair for finding in findings if finding.repair]))
    return [bool(finding.repair) and _is_done(next(outcomes)) for finding in findings]


def _is_done(outcome: BackendError | None) -> bool:
    if outcome is None:
        return True
    if isinstance(outcome, (ConditionFailedError, ConflictError, AlreadyExistsError, UnreadableItemError)):
        return False
    raise outcome


def as_found(item: Item, names: Sequence[str]) -> Condition:
    """The condition that these attributes are still as they were found."""
    return AllOf(tuple(Equals(name, item[name]) if name in item else Missing(name) for name in names))
