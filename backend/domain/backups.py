"""Scheduled backups: how they went, and which of them are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from backend.domain.leases import Lease

NAME_FORMAT = "tillpost-%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class BackupState:
    """The last good backup and the last drill. `error` says why the last attempt at a backup failed, `drill_error`
    why a drill did; both are empty when it went well. Seconds are whole ones.
    """

    at: datetime | None = None
    name: str = ""
    items: int = 0
    bytes: int = 0
    seconds: int = 0
    error: str = ""
    drill_at: datetime | None = None
    drill_items: int = 0
    drill_seconds: int = 0
    drill_error: str = ""
    retry_at: datetime | None = None
    lease_until: datetime | None = None

    @property
    def lease(self) -> Lease:
        return Lease(self.lease_until)


def made_at(name: str) -> datetime | None:
    """When a backup of this name was begun; None for other names."""
    try:
        return datetime.strptime(name, NAME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def kept(names: Iterable[str], daily: int, weekly: int) -> set[str]:
    """Which backups stay: the newest of each of the last `daily` days and `weekly` weeks that have one (UTC).

    The newest of all stays in any case, and so does what is no backup of ours.
    """
    dated = {name: at for name in names if (at := made_at(name)) is not None}
    newest_first = sorted(dated, reverse=True)
    days: dict[object, str] = {}
    weeks: dict[object, str] = {}
    for name in newest_first:
        days.setdefault(dated[name].date(), name)
        weeks.setdefault(dated[name].isocalendar()[:2], name)
    stay = {*newest_first[:1], *list(days.values())[:daily], *list(weeks.values())[:weekly]}
    return stay | {name for name in names if name not in dated}
