"""What the doctor says of one thing that an installation needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backend.domain.deliverability import Level
from backend.domain.health import State


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


OF_STATE = {State.UP: Verdict.OK, State.UNUSED: Verdict.OK, State.ATTENTION: Verdict.WARN, State.DOWN: Verdict.FAIL}
"""The verdict on a part of the running installation, by its state."""

OF_LEVEL = {Level.GOOD: Verdict.OK, Level.UNKNOWN: Verdict.UNKNOWN, Level.WATCH: Verdict.WARN, Level.BAD: Verdict.FAIL}
"""The verdict on a record of the sender's domain, by its level."""
