"""Whether the parts of an installation work: what processes report in heartbeats, and what the doctor says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from backend.domain.deliverability import Level


class Verdict(StrEnum):
    """How one thing is, from the best to the worst."""

    OK = "ok"
    UNKNOWN = "unknown"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing: how it is, what was found, and in one sentence how to fix it ("" where nothing is to be done)."""

    subject: str
    verdict: Verdict
    found: str
    fix: str = ""


BEAT_EVERY = timedelta(seconds=10)
STALLED_AFTER = timedelta(seconds=45)
"""A process without a heartbeat for longer counts as stuck or ended: four heartbeats are missing."""
FORGOTTEN_AFTER = timedelta(minutes=15)
"""A process without a heartbeat for longer is no longer listed."""
PATIENCE = 120.0
"""Seconds that a round of a duty may take, unless the duty says otherwise."""
SKEW_ALLOWED = timedelta(seconds=2)
"""The rate window follows the clock that is ahead up to two seconds."""


class State(StrEnum):
    """How a part is, from the best to the worst. The value is the word that people read."""

    UP = "works"
    UNUSED = "not in use"
    ATTENTION = "needs attention"
    DOWN = "does not work"

    @property
    def rank(self) -> int:
        return list(State).index(self)


@dataclass(frozen=True, slots=True)
class Health:
    """One part: how it is, what was found, and what to do, if anything."""

    part: str
    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class DutyBeat:
    """One duty of a process. `trouble` counts rounds that could not be done, `since` is when the duty began."""

    name: str
    patience: float = PATIENCE
    since: datetime | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    rounds: int = 0
    trouble: int = 0
    trouble_now: bool = False

    @property
    def in_round(self) -> bool:
        return self.began_at is not None and (self.ended_at is None or self.ended_at < self.began_at)

    def begun(self, now: datetime) -> DutyBeat:
        return replace(self, began_at=now)

    def done(self, now: datetime, *, trouble: bool) -> DutyBeat:
        # A round without a measurable length has ended nevertheless.
        ended = max(now, self.began_at) if self.began_at else now
        return replace(
            self, ended_at=ended, rounds=self.rounds + 1, trouble=self.trouble + trouble, trouble_now=trouble
        )

    def stalled_for(self, now: datetime) -> timedelta | None:
        """How long the present round takes already, if that is longer than it may."""
        if not self.in_round or self.began_at is None:
            return None
        took = now - self.began_at
        return took if took > timedelta(seconds=self.patience) else None


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error that a process has logged: when, during what, and the sentence with its incident number."""

    at: datetime
    action: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Beat:
    """What a process reports every ten seconds.

    `skew_ms` is by how much it has seen another process's clock ahead of its own lately. The counts are of the last
    five minutes.
    """

    process: str
    kind: str
    host: str
    pid: int
    version: str
    started_at: datetime
    at: datetime
    duties: tuple[DutyBeat, ...] = ()
    actions: int = 0
    failed: int = 0
    throttled: int = 0
    skew_ms: int = 0
    troubles: tuple[Trouble, ...] = ()

    def is_silent(self, now: datetime) -> bool:
        return now - self.at > STALLED_AFTER

    def stalled_duties(self) -> list[tuple[DutyBeat, timedelta]]:
        """Duties that are stuck in a round, and for how long, by this process's own clock."""
        found = ((duty, duty.stalled_for(self.at)) for duty in self.duties)
        return [(duty, took) for duty, took in found if took is not None]


def worst(states: list[State]) -> State:
    """The state of the whole, by its parts."""
    return max(states, key=lambda state: state.rank, default=State.UP)


OF_STATE = {State.UP: Verdict.OK, State.UNUSED: Verdict.OK, State.ATTENTION: Verdict.WARN, State.DOWN: Verdict.FAIL}
"""The verdict on a part of the running installation, by its state."""

OF_LEVEL = {Level.GOOD: Verdict.OK, Level.UNKNOWN: Verdict.UNKNOWN, Level.WATCH: Verdict.WARN, Level.BAD: Verdict.FAIL}
"""The verdict on a record of the sender's domain, by its level."""
