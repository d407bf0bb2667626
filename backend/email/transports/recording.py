"""A transport for tests: it records every submission, and fails in every way that a provider can.

A submission is recorded at the moment at which a provider would have taken the email, so that a process killed later
has submitted and one killed earlier has not. With a `journal`, each submission is one line in a file that many
processes may share.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.domain.emails import Accepted, Account, Answer, OutgoingEmail, Refused, Unanswered

GENEROUS = Account(per_second=1000.0, daily_quota=-1, sent_last_24_hours=0, sandbox=False, sending_enabled=True)


@dataclass(frozen=True, slots=True)
class Accept:
    """Accept the email and report it."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse the email."""

    reason: str = "Refused by the test."
    retryable: bool = False
    account_wide: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LoseReply:
    """Accept the email, but lose the reply."""


@dataclass(frozen=True, slots=True)
class NeverArrive:
    """Lose the email on the way; for the sender this looks like a lost reply."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Raise, as a transport with a bug would."""

    error: Exception


Behaviour = Accept | Refuse | LoseReply | NeverArrive | Fail
ResponsePlan = Callable[[OutgoingEmail, int], Behaviour]
"""What to do with an email at its n-th submission attempt (from 1), counted in this process."""


def always(behaviour: Behaviour) -> ResponsePlan:
    """The same for every email."""
    return lambda email, attempt: behaviour


def in_turn(*behaviours: Behaviour) -> ResponsePlan:
    """For each email one after the other; the last one stays."""
    return lambda email, attempt: behaviours[min(attempt, len(behaviours)) - 1]


def at_random(shares: Mapping[Behaviour, float], *, seed: str = "") -> ResponsePlan:
    """Each behaviour with its share (the rest is accepted), the same for the same email, attempt and seed."""

    def plan(email: OutgoingEmail, attempt: int) -> Behaviour:
        digest = hashlib.sha256(f"{seed}\0{email.message_id}\0{attempt}".encode()).digest()
        place = int.from_bytes(digest[:8]) / 2**64
        for behaviour, share in shares.items():
            if place < share:
                return behaviour
            place -= share
        return Accept()

    return plan


class RecordingTransport:
    """A `Transport` for tests. `seconds` is how long each answer takes, after the submission is recorded."""

    name = "recording"

    def __init__(
        self,
        plan: ResponsePlan | None = None,
        *,
        account: Account = GENEROUS,
        seconds: float = 0.0,
        journal: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.plan = plan or always(Accept())
        self.current = account
        self._seconds = seconds
        self._journal = journal
        self._sleep = sleep
        self._now = now
        self._lock = threading.Lock()
        self._attempts: Counter[str] = Counter()
        self.submitted: list[OutgoingEmail] = []
        self.times: list[float] = []

    def send(self, email: OutgoingEmail) -> Answer:
        with self._lock:
            self._attempts[email.message_id] += 1
            behaviour = self.plan(email, self._attempts[email.message_id])
        answer = self._answer(email, behaviour)
        if self._seconds:
            self._sleep(self._seconds)
        return answer

    def account(self) -> Account:
        return self.current

    def attempts(self, message_id: str) -> int:
        """How often the email was submitted, with any result."""
        return self._attempts[message_id]

    def submissions(self) -> Counter[str]:
        """How often each message was taken, by its id."""
        with self._lock:
            return Counter(email.message_id for email in self.submitted)

    def _answer(self, email: OutgoingEmail, behaviour: Behaviour) -> Answer:
        match behaviour:
            case Accept():
                self._record(email)
                return Accepted(f"recorded-{email.message_id}")
            case LoseReply():
                self._record(email)
                return Unanswered("The reply was lost.")
            case NeverArrive():
                return Unanswered("The reply was lost.")
            case Refuse(reason, retryable, account_wide, detail):
                return Refused(reason, retryable, account_wide, detail)
            case Fail(error):
                raise error

    def _record(self, email: OutgoingEmail) -> None:
        with self._lock:
            self.submitted.append(email)
            self.times.append(self._now())
        if self._journal:
            write_line(self._journal, email.message_id)


def write_line(journal: Path, line: str) -> None:
    """Appends a line in one write, so that lines of several processes never mix and a killed one leaves none halved."""
    handle = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, f"{line}\n".encode())
    finally:
        os.close(handle)


def read_journal(journal: Path) -> Counter[str]:
    """How often each message was submitted, by all processes."""
    return Counter(journal.read_text().splitlines()) if journal.exists() else Counter()
