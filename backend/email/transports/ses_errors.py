"""What a failed request to SES says about the email: refused, and for how long, or perhaps taken.

Sources: the errors of SendEmail and the common errors in the SES API v2 reference; "Errors related to the sending
quotas" and "Amazon SES email sending errors" in the SES developer guide.
"""

from __future__ import annotations

import re
from dataclasses import replace

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from backend.deadlines import DeadlineError, NotBegunError
from backend.domain.emails import Refused, Unanswered
from backend.domain.text import without_addresses

Failure = Refused | Unanswered
CALL_ERRORS = (BotoCoreError, ClientError, ResponseParserError, DeadlineError)
"""What a call of SES may raise."""

# --- About this second, this day, this account: the email itself may be fine, so it may be taken later -----------

TOO_FAST = Refused("SES takes no more emails at this rate.", retryable=True)
UNREACHED = Refused("SES cannot be reached; nothing was handed over.", retryable=True)
QUOTA_USED = Refused("The daily quota of SES is used up.", retryable=True, account_wide=True)
SUSPENDED = Refused("SES has suspended the account.", retryable=True, account_wide=True)
PAUSED = Refused("Sending is paused at SES.", retryable=True, account_wide=True)
SENDER_UNVERIFIED = Refused("The sender is not verified at SES.", retryable=True, account_wide=True)
SANDBOXED = Refused("SES is in its sandbox, and the recipient is not verified.", retryable=True, account_wide=True)
NO_CONFIGURATION_SET = Refused("The configuration set does not exist at SES.", retryable=True, account_wide=True)
DENIED = Refused("SES does not accept the credentials.", retryable=True, account_wide=True)
NO_CREDENTIALS = Refused("There are no AWS credentials.", retryable=True, account_wide=True)
UNTRUSTED = Refused("The certificate of SES is not trusted on this machine.", retryable=True, account_wide=True)

# --- About this email: it will never be taken ---------------------------------------------------------------------

REJECTED = Refused("SES rejects the content of the email.", retryable=False)
MALFORMED = Refused("SES does not take the email in this form.", retryable=False)
TOO_LARGE = Refused("The email is too large for SES.", retryable=False)

# --- Perhaps taken ------------------------------------------------------------------------------------------------

NO_ANSWER = Unanswered("SES did not answer.")
BROKEN = Unanswered("SES answered that something failed on its side.")

_BY_CODE: dict[str, Failure] = {
    # SES counts before it takes an email, so a throttled one was not taken. SendEmail documents the first; the
    # others are what front ends of AWS say (botocore's own list of throttling codes).
    **dict.fromkeys(
        (
            "TooManyRequestsException",
            "LimitExceededException",
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "SlowDown",
        ),
        TOO_FAST,
    ),
    # The account or the configuration is at fault: every other email would be refused as well.
    "AccountSuspendedException": SUSPENDED,
    "SendingPausedException": PAUSED,
    "MailFromDomainNotVerifiedException": SENDER_UNVERIFIED,
    "NotFoundException": NO_CONFIGURATION_SET,
    # Not signed in, or not allowed: AWS looks at that before anything else.
    **dict.fromkeys(
        (
            "AccessDenied",
            "AccessDeniedException",
            "ExpiredToken",
            "ExpiredTokenException",
            "IncompleteSignature",
            "IncompleteSignatureException",
            "InvalidClientTokenId",
            "InvalidSignatureException",
            "MissingAuthenticationToken",
            "MissingAuthenticationTokenException",
            "NotAuthorized",
            "OptInRequired",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
        ),
        DENIED,
    ),
    # The email is at fault.
    "MessageRejected": REJECTED,
    "BadRequestException": MALFORMED,
    "RequestEntityTooLargeException": TOO_LARGE,
    # AWS gave up waiting for one side or the other; nothing says at which moment.
    **dict.fromkeys(("RequestTimeout", "RequestTimeoutException", "RequestAbortedException"), NO_ANSWER),
}
_BY_STATUS: dict[int, Failure] = {401: DENIED, 403: DENIED, 408: NO_ANSWER, 413: TOO_LARGE, 429: TOO_FAST}

# The request cannot have left: no connection came about. (botocore: DNS, refused, no route; never a reset.)
_NEVER_SENT = (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError, NotBegunError)
_WITHOUT_CREDENTIALS = (
    CredentialRetrievalError,
    MetadataRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    TokenRetrievalError,
)
_MOST_DETAIL = 300


def failure_of(error: Exception, *, sender: str = "") -> Failure | None:
    """What the error says about the email; None when it says nothing because it is a bug.

    `sender` is the address that the email comes from, to distinguish an unverified sender from an unverified recipient.
    """
    if isinstance(error, ClientError):
        return _with_detail(_answered(error, sender), f"{code_of(error)}: {_message_of(error)}")
    if isinstance(error, _NEVER_SENT):
        return _with_detail(UNREACHED, type(error).__name__)
    if isinstance(error, _WITHOUT_CREDENTIALS):
        return _with_detail(NO_CREDENTIALS, type(error).__name__)
    if isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return UNTRUSTED
    if isinstance(error, (HTTPClientError, ConnectionError, ResponseParserError, DeadlineError)):
        # Read time-outs, resets, replies that break off or make no sense: the email may be on its way.
        return _with_detail(NO_ANSWER, type(error).__name__)
    return None


def code_of(error: ClientError) -> str:
    """The name that AWS gave to the failure."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _answered(error: ClientError, sender: str) -> Failure:
    code, message = code_of(error), _message_of(error).lower()
    known = _BY_CODE.get(code)
    if known in (TOO_FAST, REJECTED, MALFORMED) and isinstance(known, Refused):
        return _by_message(known, message, sender)
    return known or _by_status(int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)))


def _by_message(known: Refused, message: str, sender: str) -> Refused:
    """Reads SES's message where its codes do not distinguish the cases."""
    if "daily" in message and "quota" in message:
        return QUOTA_USED
    if "not verified" in message:
        identities = {word.strip(".") for word in re.split(r"[\s,;:]+", message.partition("not verified")[2])}
        own = {sender.lower(), sender.lower().rpartition("@")[2]}
        return SENDER_UNVERIFIED if own & identities else SANDBOXED
    if "configuration set" in message and "not exist" in message:
        return NO_CONFIGURATION_SET
    if known is not TOO_FAST and ("paused" in message or "suspended" in message):
        return PAUSED
    return known


def _by_status(status: int) -> Failure:
    """For codes that are not in the table. 4xx: AWS did not do it. 5xx and the rest: unknown."""
    return _BY_STATUS.get(status) or (MALFORMED if 400 <= status < 500 else BROKEN)


def _message_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))


def _with_detail(failure: Failure, detail: str) -> Failure:
    return replace(failure, detail=without_addresses(detail)[:_MOST_DETAIL])
