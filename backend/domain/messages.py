"""Messages: the ledger's entries. A message is one email to one recipient for one reason, sent at most once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from backend.domain.delivery import FAILURES, Outcome
from backend.domain.emails import Kind
from backend.domain.leases import Lease
from backend.errors import InvalidInputError

_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")


class MessageStatus(StrEnum):
    """The status of a message in the ledger. A waiting one that a worker has claimed carries a lease."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


_S = MessageStatus
TRANSITIONS: dict[MessageStatus, frozenset[MessageStatus]] = {
    # To WAITING: the provider refused for now, or nothing was handed over. Not to UNKNOWN once the provider has
    # reported the email (the ledger has its id then): it becomes SENT instead.
    _S.WAITING: frozenset({_S.WAITING, _S.SENT, _S.FAILED, _S.UNKNOWN, _S.SKIPPED}),
    # The answer comes after the lease has run out, or with an event. Never back to WAITING: the email may have
    # arrived, so sending it again is a new message, which somebody requests.
    _S.UNKNOWN: frozenset({_S.SENT, _S.FAILED}),
    # Only in a campaign, when somebody retries what failed; a single email is requested once more.
    _S.FAILED: frozenset({_S.WAITING}),
    # What happens to a sent email (delivered, bounced, …) is in `Message.outcomes`, and no status.
    _S.SENT: frozenset(),
    _S.SKIPPED: frozenset(),
}
SETTLED = frozenset(MessageStatus) - {_S.WAITING}
"""Statistics count these."""
NEEDS_A_PERSON = frozenset({_S.FAILED, _S.UNKNOWN})
"""Messages with them are in the list of what needs attention, until somebody has handled them."""


class ShownStatus(StrEnum):
    """The status as people see it: SENDING is a waiting message that a worker has claimed. It is never stored."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class SkipReason(StrEnum):
    """Why a message is not sent to somebody. The value is the sentence that people read."""

    NO_ADDRESS = "has no e-mail address"
    BOUNCED = "mail to this address bounced"
    COMPLAINED = "marked our mail as spam"
    SUPPRESSED = "is on the suppression list"
    UNSUBSCRIBED = "unsubscribed"
    NO_CONSENT = "has not agreed to marketing"
    ARCHIVED = "is archived"
    CAP_REACHED = "has had enough marketing mail for now"
    PAUSED = "paused marketing mail"
    CUSTOMER_GONE = "does not exist any more"
    LEFT_SEGMENT = "has left the segment since"
    CANCELLED = "the campaign was cancelled"
    NOT_SENT_BEFORE = "did not get the first email"
    OPENED_BEFORE = "opened the first email, or their mail program did"
    UNREADABLE = "has a record that cannot be read"


@dataclass(frozen=True, slots=True)
class Handled:
    """Who has handled a failed or unknown message, when, and with what note."""

    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `recipient` is a customer id, or another word for people who are no customers; `key` says why.

    `data` is what it is rendered from, without what many messages share: `facts` and `edition` are the digests of the
    shop's facts and of the template with its layout. Together they give the exact email, and `digest` proves it.
    `hour` is where the statistics count a stored message ("2026-11-26T13", the shop's time of the request).

    `campaign` and `variant` say which campaign it belongs to (its key is then the campaign's), or which automation and
    step. `outcomes` are what the provider reported, each with its first moment. `resolved` says that it was counted as
    unknown before its end was known. `detail` is what the provider said when the email was handed over, in its own
    words, and `diagnostic` why it bounced, was rejected or delayed; both are without addresses.
    """

    recipient: str
    key: str
    template: str
    version: int
    kind: Kind
    status: MessageStatus
    to: str
    name: str
    requested_at: datetime
    requested_by: str
    due_at: datetime
    customer_id: str = ""
    order_id: str = ""
    lease_until: datetime | None = None
    attempts: int = 0
    reason: str = ""
    provider_id: str = ""
    sent_at: datetime | None = None
    data: bytes = b""
    facts: str = ""
    edition: str = ""
    digest: str = ""
    test: bool = False
    hour: str = field(default="", compare=False)
    campaign: str = ""
    variant: str = ""
    outcomes: Mapping[Outcome, datetime] = field(default_factory=dict)
    resolved: bool = False
    detail: str = ""
    handled: Handled | None = None
    diagnostic: str = ""

    @property
    def lease(self) -> Lease:
        """Who is sending it, which its end alone says."""
        return Lease(self.lease_until)

    @property
    def failure(self) -> Outcome | None:
        """The outcome that `diagnostic` gives the reason for; None while nothing has gone wrong with its delivery."""
        return max(FAILURES & self.outcomes.keys(), key=lambda outcome: outcome.rank, default=None)

    @property
    def outcome(self) -> Outcome | None:
        """The most important outcome that the provider has reported; None without a report."""
        return max(self.outcomes, key=lambda outcome: outcome.rank, default=None)

    @property
    def is_claimed(self) -> bool:
        """Whether a worker is sending it, or was when its process ended."""
        return self.status is MessageStatus.WAITING and self.lease_until is not None

    @property
    def shown_status(self) -> ShownStatus:
        return ShownStatus.SENDING if self.is_claimed else ShownStatus(self.status)

    @property
    def id(self) -> str:
        """The ledger's id, which goes out as a tag; it is recipient and key, so the entry is found without an index."""
        return f"{self.recipient}-{self.key}"


def split_id(message_id: str) -> tuple[str, str]:
    """Recipient and key of a message id.

    Raises: `InvalidInputError`.
    """
    recipient, dash, key = message_id.partition("-")
    if not dash or not recipient.isalnum() or not _KEY.fullmatch(key):
        raise InvalidInputError("This is not the id of a message.", "id")
    return recipient, key


def check_message_key(key: str) -> str:
    """The key, if it can be one: 1 to 100 letters, digits, "_" and "-" (what SES allows in a tag).

    Raises: `InvalidInputError`.
    """
    if not _KEY.fullmatch(key):
        raise InvalidInputError("A key is 1 to 100 letters, digits, “_” and “-”.", "key")
    return key
