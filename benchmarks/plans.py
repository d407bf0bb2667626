"""What can be measured, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Size(StrEnum):
    """How much is measured. Tiny only shows that everything runs."""

    TINY = "tiny"
    SMALL = "small"
    FULL = "full"


class Group(StrEnum):
    """What can be measured by itself."""

    TOP = "top"
    INTAKE = "intake"
    HTTP = "http"
    IMPORT = "import"
    LISTS = "lists"
    PAGES = "pages"
    CAPACITY = "capacity"
    SENDING = "sending"
    RATE = "rate"
    EVENTS = "events"
    CAMPAIGN = "campaign"
    STATS = "stats"
    SEGMENTS = "segments"


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """How many of each. The last shop is the one that pages are measured in."""

    shops: tuple[int, ...]
    intake: int
    imported: int
    page_runs: int
    sessions: int
    browser: bool = True
    emails: int = 2000
    events: int = 100_000
    month: int = 250_000
    recipients: int = 5_000
    rate_seconds: float = 10.0
    rates: tuple[int, ...] = (14, 50)


PLANS = {
    Size.TINY: BenchPlan(
        (60, 120),
        intake=20,
        imported=30,
        page_runs=2,
        sessions=2,
        browser=False,
        emails=20,
        events=100,
        month=5000,
        recipients=60,
        rate_seconds=1.0,
        rates=(50,),
    ),
    Size.SMALL: BenchPlan((10_000, 100_000), intake=2000, imported=7_000, page_runs=40, sessions=20, events=20_000),
    Size.FULL: BenchPlan((10_000, 100_000, 1_000_000), intake=5000, imported=70_000, page_runs=100, sessions=20),
}
