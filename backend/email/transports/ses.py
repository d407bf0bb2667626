"""Amazon SES, API v2. Each email is submitted once: this client never repeats a request by itself.

What may be tried again is decided by the ledger, from the answer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from backend.domain.emails import MESSAGE_HEADER, Accepted, Account, Answer, Kind, OutgoingEmail, Refused
from backend.domain.time import Clock, utc_now
from backend.email.transports.addresses import UnsendableError, parse_mailbox
from backend.email.transports.headers import MOST_HEADERS, checked_headers, tags_of
from backend.email.transports.mime import build_mime, check_sendable
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.ses_errors import CALL_ERRORS, NO_ANSWER, code_of, failure_of

ACCOUNT_SECONDS = 60.0
"""How long an answer of GetAccount is good for; SES allows one such request a second."""
SILENCE_SECONDS = 5.0
"""How long GetAccount is not called again after it did not answer."""
STALE_SECONDS = 600.0
"""How long an old answer may be used while SES does not answer."""


class SesClient(Protocol):
    """What the transport needs of a client for SES: each call is one request."""

    def send_email(self, **parameters: Any) -> Mapping[str, Any]: ...

    def get_account(self) -> Mapping[str, Any]: ...

    def close(self) -> None: ...


class SesTransport:
    """A `Transport` on SES. `configuration_sets` may have none for a kind."""

    name = "ses"

    def __init__(
        self,
        client: SesClient,
        configuration_sets: Mapping[Kind, str],
        *,
        clock: Clock = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._configuration_sets = configuration_sets
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._account: Account | None = None
        self._answered_at = self._ask_at = monotonic()
        self._silence = ""

    def send(self, email: OutgoingEmail) -> Answer:
        """Submits the email once; what cannot be mail is refused without asking SES."""
        try:
            sender = parse_mailbox(email.sender, "The sender").address
            request = request_of(email, self._configuration_sets.get(email.kind, ""), at=self._clock())
        except UnsendableError as error:
            return Refused(error.sentence, retryable=False)
        try:
            reply = self._client.send_email(**request)
        except CALL_ERRORS as error:
            failure = failure_of(error, sender=sender)
            if failure is None:
                raise
            return failure
        provider_id = reply.get("MessageId")
        return Accepted(str(provider_id)) if provider_id else NO_ANSWER

    def account(self) -> Account:
        """What GetAccount says, at most a minute old; ten minutes while SES does not answer.

        Raises: `AccountUnknownError`.
        """
        with self._lock:
            now = self._monotonic()
            if now >= self._ask_at:
                self._ask(now)
            if self._account and now - self._answered_at < STALE_SECONDS:
                return self._account
            raise AccountUnknownError(
                f"SES does not say what the account may send ({self._silence}). Allow ses:GetAccount, "
                "or set MAIL_RATE and MAIL_DAILY_QUOTA."
            )

    def _ask(self, now: float) -> None:
        try:
            self._account = account_from(self._client.get_account())
            self._answered_at, self._ask_at = now, now + ACCOUNT_SECONDS
        except CALL_ERRORS as error:
            self._silence = code_of(error) if isinstance(error, ClientError) else type(error).__name__
            self._ask_at = self._monotonic() + SILENCE_SECONDS  # from the end of the wait, or each caller would wait


def request_of(email: OutgoingEmail, configuration_set: str, *, at: datetime) -> dict[str, Any]:
    """The parameters of SendEmail.

    Raises: `UnsendableError`.
    """
    check_sendable(email, at=at)
    request: dict[str, Any] = {
        "FromEmailAddress": parse_mailbox(email.sender, "The sender").header(),
        "Destination": {"ToAddresses": [parse_mailbox(email.to, "The address").header()]},
        "Content": _content(email, at),
        "EmailTags": [{"Name": name, "Value": value} for name, value in tags_of(email).items()],
    }
    if email.reply_to:
        request["ReplyToAddresses"] = [parse_mailbox(email.reply_to, "The reply-to address").header()]
    if configuration_set:
        request["ConfigurationSetName"] = configuration_set
    return request


def account_from(reply: Mapping[str, Any]) -> Account:
    """The answer of GetAccount; what it leaves out is taken to be forbidden."""
    quota = reply.get("SendQuota", {})
    return Account(
        per_second=float(quota.get("MaxSendRate", 0.0)),
        daily_quota=int(quota.get("Max24HourSend", 0)),
        sent_last_24_hours=int(quota.get("SentLast24Hours", 0)),
        sandbox=not reply.get("ProductionAccessEnabled", False),
        sending_enabled=bool(reply.get("SendingEnabled", False)),
        status=str(reply.get("EnforcementStatus", "UNKNOWN")),
    )


def _content(email: OutgoingEmail, at: datetime) -> dict[str, Any]:
    """Simple content, which SES turns into MIME; with attachments raw MIME, as the preview shows it."""
    own = {MESSAGE_HEADER: email.message_id} if len(email.headers) < MOST_HEADERS else {}
    if email.attachments:
        return {"Raw": {"Data": build_mime(email, at=at, extra=own)}}
    body = {"Html": _utf8(email.html)} if email.html else {}
    headers = [{"Name": name, "Value": value} for name, value in (*checked_headers(email.headers), *own.items())]
    return {"Simple": {"Subject": _utf8(email.subject), "Body": body | {"Text": _utf8(email.text)}, "Headers": headers}}


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
