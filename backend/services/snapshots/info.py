"""What is known of a snapshot, and what can be wrong with it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from backend.domain.rfm import Fifths
from backend.domain.time import from_text, to_text
from backend.errors import BackendError

FORM = 6
"""Raised when the tables change; a snapshot of another form counts as none, and a new one is made."""
_MOMENTS = ("as_of", "whole_at", "merged_at")


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """One finished snapshot. `as_of` is when reading began: whatever was written later may be missing.

    `name` is the folder that holds it; `seconds` is how long it took to make. `cursor` is its place in the store's
    change feed, None where there is no feed. `whole_at` is when the shop was last read as a whole; `differed` names
    the tables in which the snapshot before was not what that found. Days are those of `zone`.
    """

    name: str
    as_of: datetime
    seconds: float
    customers: int
    orders: int
    lines: int
    messages: int
    fifths: Fifths
    whole_at: datetime
    merged_at: datetime
    zone: str
    cursor: str | None = None
    differed: tuple[str, ...] = ()
    bytes: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether the shop was read as a whole for it."""
        return self.whole_at == self.as_of


class SnapshotMissingError(BackendError):
    """No snapshot has been made on this machine yet."""


class SnapshotFailedError(BackendError):
    """A snapshot could not be made or asked; the one before, if there is one, is kept."""


def info_text(info: SnapshotInfo) -> str:
    """The manifest of a snapshot: JSON."""
    return json.dumps(
        asdict(info)
        | {
            "form": FORM,
            **{name: to_text(getattr(info, name)) for name in _MOMENTS},
            "fifths": {"days": [str(day) for day in info.fifths.days], "revenue": list(info.fifths.revenue)},
        }
    )


def info_from_text(text: str) -> SnapshotInfo:
    """What `info_text` wrote. Raises: `ValueError`, `KeyError` or `TypeError` for anything else."""
    value: dict[str, Any] = json.loads(text)
    if value.pop("form", None) != FORM:
        raise ValueError("The snapshot has another form.")
    fifths = value["fifths"]
    days = tuple(date.fromisoformat(day) for day in fifths["days"])
    value |= {name: from_text(value[name]) for name in _MOMENTS}
    value |= {"fifths": Fifths(days, tuple(fifths["revenue"])), "differed": tuple(value["differed"])}
    return SnapshotInfo(**value)
