"""What is known of a snapshot, and what can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.rfm import Fifths
from backend.errors import BackendError


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """One finished snapshot. `as_of` is when reading began: whatever was written later may be missing.

    `name` is the folder that holds it; `seconds` is how long it took to make.
    """

    name: str
    as_of: datetime
    seconds: float
    customers: int
    orders: int
    lines: int
    messages: int
    fifths: Fifths
    bytes: int = 0


class SnapshotMissingError(BackendError):
    """No snapshot has been made on this machine yet."""
