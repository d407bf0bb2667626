"""Amazon SES: an email is submitted once, whatever becomes of the reply, and the answer says what is certain."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest
from botocore.exceptions import CredentialRetrievalError, SSLError

from backend.domain.emails import Refused, Unanswered
from backend.email.transports import ses_errors
from backend.email.transports.ses import SesTransport
from backend.email.transports.ses_client import open_client
from backend.email.transports.ses_errors import failure_of
from tests.email.transports.conftest import SETS
from tests.email.transports.samples import email
from tests.email.transports.ses_server import (
    Behaviour,
    SesServer,
    breaking_off,
    failing,
    hanging_up,
    resetting,
    saying,
    silent,
)

# --- once, whatever happens --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "behaviour",
    [
        silent,
        resetting,
        hanging_up,
        breaking_off,
        failing(500, "InternalFailure"),
        failing(503, "ServiceUnavailable"),
        saying(502, b"<html>Bad gateway</html>", **{"Content-Type": "text/html"}),
        saying(200, b"<html>Welcome to the hotel</html>", **{"Content-Type": "text/html"}),
        saying(200, b"{}"),
        saying(302, b"", Location="http://127.0.0.1:9/"),
    ],
    ids=["silent", "reset", "closed", "half", "500", "503", "502", "portal", "empty", "redirect"],
)
def test_without_a_certain_answer_an_email_is_submitted_once_and_unanswered(
    transport: SesTransport, server: SesServer, behaviour: Behaviour
) -> None:
    server.behave = behaviour
    assert isinstance(transport.send(email()), Unanswered)
    assert len(server.submissions) == 1


def test_a_connection_that_breaks_when_it_is_used_again_is_no_reason_to_repeat(
    transport: SesTransport, server: SesServer
) -> None:
    transport.send(email())
    server.behave = resetting
    assert isinstance(transport.send(email()), Unanswered)
    assert len(server.submissions) == 2


ERRORS: list[tuple[int, str, str, Refused | Unanswered]] = [
    (429, "TooManyRequestsException", "Too many requests.", ses_errors.TOO_FAST),
    (429, "TooManyRequestsException", "Maximum sending rate exceeded.", ses_errors.TOO_FAST),
    (400, "ThrottlingException", "Maximum sending rate exceeded.", ses_errors.TOO_FAST),
    (400, "Throttling", "Rate exceeded", ses_errors.TOO_FAST),
    (503, "SlowDown", "Please reduce your request rate.", ses_errors.TOO_FAST),
    (429, "SomethingNew", "", ses_errors.TOO_FAST),
    (400, "LimitExceededException", "Too many.", ses_errors.TOO_FAST),
    (429, "TooManyRequestsException", "Daily message quota exceeded.", ses_errors.QUOTA_USED),
    (400, "ThrottlingException", "Daily message quota exceeded", ses_errors.QUOTA_USED),
    (400, "LimitExceededException", "Daily sending quota exceeded.", ses_errors.QUOTA_USED),
    (400, "AccountSuspendedException", "", ses_errors.SUSPENDED),
    (400, "SendingPausedException", "Sending paused for this account.", ses_errors.PAUSED),
    (400, "MessageRejected", "Sending suspended for this account.", ses_errors.PAUSED),
    (400, "MailFromDomainNotVerifiedException", "", ses_errors.SENDER_UNVERIFIED),
    (404, "NotFoundException", "Configuration set <orders> does not exist.", ses_errors.NO_CONFIGURATION_SET),
    (400, "BadRequestException", "Configuration set <orders> does not exist.", ses_errors.NO_CONFIGURATION_SET),
    (400, "MessageRejected", "Illegal content.", ses_errors.REJECTED),
    (400, "BadRequestException", "Missing final '@domain'", ses_errors.MALFORMED),
    (400, "ValidationException", "", ses_errors.MALFORMED),
    (413, "RequestEntityTooLargeException", "", ses_errors.TOO_LARGE),
    (413, "", "", ses_errors.TOO_LARGE),
    (403, "AccessDeniedException", "User is not authorized to perform: ses:SendEmail", ses_errors.DENIED),
    (403, "SignatureDoesNotMatch", "", ses_errors.DENIED),
    (403, "InvalidClientTokenId", "The security token included in the request is invalid.", ses_errors.DENIED),
    (403, "ExpiredTokenException", "", ses_errors.DENIED),
    (400, "RequestExpired", "", ses_errors.DENIED),
    (401, "Unknown", "", ses_errors.DENIED),
    (408, "Unknown", "", ses_errors.NO_ANSWER),
    (400, "RequestTimeoutException", "", ses_errors.NO_ANSWER),
    (400, "RequestAbortedException", "", ses_errors.NO_ANSWER),
    (500, "InternalFailure", "", ses_errors.BROKEN),
    (500, "InternalServiceErrorException", "", ses_errors.BROKEN),
    (503, "ServiceUnavailable", "", ses_errors.BROKEN),
    (504, "", "", ses_errors.BROKEN),
]


@pytest.mark.parametrize(("status", "code", "message", "expected"), ERRORS)
def test_each_error_of_ses_has_its_class(
    transport: SesTransport,
    server: SesServer,
    status: int,
    code: str,
    message: str,
    expected: Refused | Unanswered,
) -> None:
    server.behave = failing(status, code, message)
    answer = transport.send(email())
    assert isinstance(answer, (Refused, Unanswered))
    assert _class_of(answer) == _class_of(expected)
    assert len(server.submissions) == 1


def _class_of(answer: Refused | Unanswered) -> tuple[object, ...]:
    if isinstance(answer, Unanswered):
        return (answer.reason,)
    return (answer.reason, answer.retryable, answer.account_wide)


UNVERIFIED = "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: "


@pytest.mark.parametrize(
    ("identities", "expected"),
    [
        ("maria@example.com", ses_errors.SANDBOXED),
        ("somebody@shop.example", ses_errors.SANDBOXED),
        ("old-news@shop.example", ses_errors.SANDBOXED),
        ("news@shop.example", ses_errors.SENDER_UNVERIFIED),
        ("maria@example.com, News@Shop.example", ses_errors.SENDER_UNVERIFIED),
        ("shop.example", ses_errors.SENDER_UNVERIFIED),
    ],
)
def test_an_unverified_sender_and_the_sandbox_stop_everything(
    transport: SesTransport, server: SesServer, identities: str, expected: Refused
) -> None:
    server.behave = failing(400, "MessageRejected", UNVERIFIED + identities)
    answer = transport.send(email())
    assert isinstance(answer, Refused)
    assert _class_of(answer) == _class_of(expected)
    assert (answer.account_wide, answer.retryable) == (True, True)


def test_an_answer_repeats_what_ses_said_but_no_address(transport: SesTransport, server: SesServer) -> None:
    server.behave = failing(400, "MessageRejected", f"{UNVERIFIED}maria@example.com, news@shop.example")
    answer = transport.send(email())
    assert isinstance(answer, Refused)
    assert answer.detail.startswith("MessageRejected: Email address is not verified.")
    assert "@" not in answer.detail + answer.reason


def test_a_server_that_cannot_be_reached_has_taken_nothing(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{nobody_listens.getsockname()[1]}")
        answer = SesTransport(open_client(connect_seconds=1), SETS).send(email())
    assert answer == Refused(ses_errors.UNREACHED.reason, retryable=True, detail="EndpointConnectionError")


def test_a_connection_that_does_not_come_about_in_time_has_taken_nothing(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(3)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{full.getsockname()[1]}")
        answer = SesTransport(open_client(connect_seconds=0.3), SETS).send(email())
        for each in waiting:
            each.close()
    assert answer == Refused(ses_errors.UNREACHED.reason, retryable=True, detail="ConnectTimeoutError")


def test_without_credentials_nothing_is_sent(monkeypatch: pytest.MonkeyPatch, aws: None, tmp_path: Any) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://ses.invalid")
    answer = SesTransport(open_client(), SETS).send(email())
    assert answer == Refused(ses_errors.NO_CREDENTIALS.reason, True, True, "NoCredentialsError")


def test_other_failures_before_and_during_the_request() -> None:
    certificate = ssl.SSLCertVerificationError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    broken = ssl.SSLError("[SSL: BAD_RECORD_MAC] bad record mac")
    assert failure_of(SSLError(endpoint_url="https://x", error=certificate)) == ses_errors.UNTRUSTED
    assert isinstance(failure_of(SSLError(endpoint_url="https://x", error=broken)), Unanswered)
    no_role = failure_of(CredentialRetrievalError(provider="sso", error_msg="expired"))
    assert no_role is not None
    assert _class_of(no_role) == _class_of(ses_errors.NO_CREDENTIALS)
    assert failure_of(ValueError("a bug")) is None


def test_a_bug_is_not_an_answer(transport: SesTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_client", object())
    with pytest.raises(AttributeError):
        transport.send(email())
