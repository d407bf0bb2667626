"""Service-level objectives: what people can rely on, in one table, and how much may still go wrong this month."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WINDOW_DAYS = 30


class Objective(StrEnum):
    """The value is the name that people read."""

    PAGES = "Pages"
    API = "API"
    SENDING = "Time to send"
    EVENTS = "Event lag"
    AVAILABILITY = "Availability"


@dataclass(frozen=True, slots=True)
class Target:
    """`share` of all is to be good; `limit` is the time in milliseconds that is good, 0 where errors decide."""

    objective: Objective
    share: float
    limit: int
    words: str


TARGETS: tuple[Target, ...] = (
    Target(Objective.PAGES, 0.95, 60, "95% of page runs within 60 ms"),
    Target(Objective.API, 0.95, 100, "95% of requests within 100 ms"),
    Target(Objective.SENDING, 0.95, 60_000, "95% of emails handed over within 60 seconds of the request"),
    Target(Objective.EVENTS, 0.95, 60_000, "95% of the events of the last day taken in within 60 seconds"),
    Target(Objective.AVAILABILITY, 0.999, 0, "99.9% of page runs and requests without an error on our side"),
)


@dataclass(frozen=True, slots=True)
class Attainment:
    """The measured state of an objective: `good` of `total` met it."""

    target: Target
    good: int
    total: int

    @property
    def share(self) -> float | None:
        """The share that was good; None while there is nothing."""
        return self.good / self.total if self.total else None

    @property
    def is_met(self) -> bool:
        return self.budget_left is None or self.budget_left >= 0

    @property
    def budget_left(self) -> float | None:
        """How much may still go wrong: 1 is all that ever might, 0 nothing more. None: nothing to count."""
        if not self.total:
            return None
        allowed = (1 - self.target.share) * self.total
        return 1 - (self.total - self.good) / allowed
