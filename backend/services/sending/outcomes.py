"""What an answer of the transport makes of a message, and what a round of a worker did in all."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backend.domain.emails import Accepted, Answer, Refused
from backend.domain.messages import Message, MessageStatus
from backend.services.context import Shop
from backend.services.sending.submissions import TOO_LATE

MOST_ATTEMPTS = 6
LONGEST_DETAIL = 300
"""Of the provider's words that are kept: an item of the ledger stays below a kilobyte."""
ACCOUNT_PAUSE = timedelta(minutes=5)
_FIRST_RETRY = timedelta(seconds=30)
_LONGEST_RETRY = timedelta(hours=1)


@dataclass(slots=True)
class Worked:
    """What one round did.

    `wait` is how long the rate window asks to wait before the next, in seconds; `more` says that messages are left.
    `handed_over` emails took the transport and the ledger `seconds`.
    """

    settled: dict[MessageStatus, int] = field(default_factory=dict)
    wait: float = 0.0
    more: bool = False
    handed_over: int = 0
    seconds: float = 0.0

    def count(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.settled[message.status] = self.settled.get(message.status, 0) + 1

    def add(self, other: Worked) -> None:
        """Takes in what another part of the round did."""
        for status, number in other.settled.items():
            self.settled[status] = self.settled.get(status, 0) + number
        self.wait = max(self.wait, other.wait)
        self.more = self.more or other.more
        self.handed_over += other.handed_over
        self.seconds += other.seconds

    @property
    def total(self) -> int:
        return sum(self.settled.values())


def outcome_of(shop: Shop, message: Message, digest: str, answer: Answer) -> Message:
    """The message as the transport's answer leaves it."""
    now = shop.clock()
    if isinstance(answer, Accepted):
        sent = MessageStatus.SENT
        return replace(message, status=sent, provider_id=answer.provider_id, sent_at=now, digest=digest, detail="")
    if isinstance(answer, Refused):
        return _refused(replace(message, digest=digest), answer, now)
    return replace(
        message,
        status=MessageStatus.UNKNOWN,
        reason=answer.reason,
        digest=digest,
        detail=answer.detail[:LONGEST_DETAIL],
    )


def _refused(message: Message, answer: Refused, now: datetime) -> Message:
    if answer is TOO_LATE:
        return replace(message, due_at=now)
    message = replace(message, detail=answer.detail[:LONGEST_DETAIL])
    if answer.account_wide:
        return replace(message, due_at=now + ACCOUNT_PAUSE, reason=answer.reason)
    if not answer.retryable:
        return replace(message, status=MessageStatus.FAILED, reason=answer.reason)
    if message.attempts >= MOST_ATTEMPTS:
        reason = f"Given up after {message.attempts} attempts. {answer.reason}"
        return replace(message, status=MessageStatus.FAILED, reason=reason)
    return replace(message, due_at=now + retry_delay(message.attempts), reason=answer.reason)


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 30 seconds, four times as long each time, an hour at most, jittered."""
    longest: timedelta = min(_FIRST_RETRY * 4.0 ** min(attempts - 1, 10), _LONGEST_RETRY)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries, hides nothing
