"""The client that submits emails itself sends what boto3 would send, and leaves to boto3 what it cannot do."""

from __future__ import annotations

import datetime
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.auth
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend.domain.emails import Accepted, Attachment, Kind, OutgoingEmail, Refused
from backend.email.transports import ses_direct, ses_errors
from backend.email.transports.ses import IDLE_SECONDS, SesTransport
from backend.email.transports.ses_client import open_boto3, open_client
from backend.email.transports.ses_direct import DirectClient, form_of
from backend.email.transports.ses_errors import NO_ANSWER
from tests.email.transports.conftest import SETS
from tests.email.transports.samples import email
from tests.email.transports.ses_server import Handler, Request, SesServer, accepting, dripping, failing, ses_server

EMAILS = {
    "transactional": email(),
    "marketing": email(
        kind=Kind.MARKETING,
        sender="Bücher <news@bücher.example>",
        reply_to="Help <help@shop.example>",
        subject="Grüße, 你好 “quoted” \\ 🎈",
        headers={"List-Unsubscribe": "<https://shop.example/u/1>"},
    ),
    "attachment": email(attachments=(Attachment("a.pdf", bytes(range(256)), "application/pdf"),)),
}
_CHANGING = {"X-Amz-Date", "Authorization", "amz-sdk-invocation-id", "Content-Length"}


def by_both(server: SesServer, sent: OutgoingEmail) -> tuple[Request, Request]:
    """The requests of boto3 and of ours for the same email."""
    theirs, ours = open_boto3().client, open_client()
    for client in (theirs, ours):
        assert isinstance(SesTransport(client, SETS).send(sent), Accepted)
        client.close()
    first, second = server.requests
    return first, second


@pytest.mark.parametrize("sent", EMAILS.values(), ids=EMAILS)
def test_a_submission_is_the_one_that_boto3_would_make(aws: None, server: SesServer, sent: OutgoingEmail) -> None:
    theirs, ours = by_both(server, sent)
    assert (ours.method, ours.path) == (theirs.method, theirs.path)
    assert ours.body == theirs.body
    assert ours.headers.keys() == theirs.headers.keys()
    assert {name for name in ours.headers if ours.headers[name] != theirs.headers[name]} <= _CHANGING
    assert int(ours.headers["Content-Length"]) == len(ours.raw)
    assert ours.headers["amz-sdk-invocation-id"] != theirs.headers["amz-sdk-invocation-id"]
    assert scope_of(ours) == scope_of(theirs)


def scope_of(request: Request) -> str:
    """The head of the authorization without the day, which may just have changed."""
    return re.sub(r"/\d{8}/", "/", request.headers["Authorization"].partition(", Signature=")[0])


def test_a_session_token_goes_out_and_is_signed(aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-1")
    theirs, ours = by_both(server, email())
    assert ours.headers["X-Amz-Security-Token"] == "token-1"
    assert "x-amz-security-token" in scope_of(ours)
    assert scope_of(ours) == scope_of(theirs)


def test_the_path_of_an_endpoint_is_kept(aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"{server.address}/stand/in")
    theirs, ours = by_both(server, email())
    assert ours.path == theirs.path == "/stand/in/v2/email/outbound-emails"


def test_the_signature_is_that_of_the_bytes_that_were_sent(
    aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    SesTransport(open_client(), SETS).send(EMAILS["marketing"])
    (sent,) = server.requests
    then = datetime.datetime.strptime(sent.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: then)
    again = AWSRequest("POST", server.address + sent.path, {"Content-Type": "application/json"}, sent.raw)
    SigV4Auth(Credentials("AKIDEXAMPLE", "example"), "ses", "eu-central-1").add_auth(again)
    assert sent.headers["Authorization"] == again.headers["Authorization"]


def test_credentials_that_run_out_are_renewed_while_it_sends(aws: None, server: SesServer) -> None:
    names = iter(["FIRST", "SECOND", "THIRD"])

    def renewed() -> dict[str, str]:
        name = next(names)
        # Within ten minutes of their end they are renewed in any case.
        lasting = timedelta(hours=1) if name == "SECOND" else timedelta(seconds=1)
        ends = (datetime.datetime.now(datetime.UTC) + lasting).isoformat()
        return {"access_key": name, "secret_key": "s", "token": f"token of {name}", "expiry_time": ends}

    credentials = RefreshableCredentials.create_from_metadata(renewed(), refresh_using=renewed, method="test")
    transport = SesTransport(client_with(credentials), SETS)
    for _ in range(2):
        assert isinstance(transport.send(email()), Accepted)
    used = [(request.headers["Authorization"], request.headers["X-Amz-Security-Token"]) for request in server.requests]
    assert [("Credential=SECOND/" in signed, token) for signed, token in used] == [(True, "token of SECOND")] * 2


def client_with(credentials: Any, **more: Any) -> DirectClient:
    opened = open_boto3()
    limits = {"connect_seconds": 1.0, "read_seconds": 1.0, "connections": 4}
    return DirectClient(opened.client, credentials, **(limits | more))


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "InvalidSignatureException", "Signature expired: 20261125T000000Z is now earlier than 20261125T001000Z."),
        (403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
        (403, "ExpiredTokenException", "The security token included in the request is expired"),
        (400, "ExpiredToken", "The security token included in the request is expired"),
    ],
)
def test_a_wrong_clock_and_an_old_token_stop_all_mail_and_nothing_is_repeated(
    transport: SesTransport, server: SesServer, status: int, code: str, message: str
) -> None:
    server.behave = failing(status, code, message)
    answer = transport.send(email())
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.retryable, answer.account_wide) == (ses_errors.DENIED.reason, True, True)
    assert len(server.submissions) == 1


def test_what_is_signed_otherwise_is_left_to_boto3(aws: None, server: SesServer) -> None:
    unsigned = boto3.client("sesv2", config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}))
    assert form_of(unsigned) is None
    limits = {"connect_seconds": 1.0, "read_seconds": 1.0, "connections": 4}
    client = DirectClient(unsigned, Credentials("a", "b"), **limits)
    assert isinstance(SesTransport(client, SETS).send(email()), Accepted)
    (request,) = server.requests
    assert "Authorization" not in request.headers


def test_where_there_is_a_proxy_boto3_sends_by_it(
    aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", "http://ses.invalid")
    monkeypatch.setenv("HTTP_PROXY", server.address)
    assert isinstance(SesTransport(open_client(), SETS).send(email()), Accepted)
    (request,) = server.requests
    assert request.path == "http://ses.invalid/v2/email/outbound-emails"


# --- TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that vouches for itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def secure(authority: Path, monkeypatch: pytest.MonkeyPatch, aws: None) -> Iterator[SesServer]:
    """A stand-in that speaks TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    with ses_server(context) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", running.address.replace("http://127.0.0.1", "https://localhost"))
        yield running


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(secure: SesServer) -> None:
    answer = SesTransport(open_client(), SETS).send(email())
    assert answer == ses_errors.UNTRUSTED
    assert secure.requests == []


def test_a_file_of_authorities_is_trusted(secure: SesServer, authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
    transport = SesTransport(open_client(), SETS)
    assert [type(transport.send(email())) for _ in range(2)] == [Accepted, Accepted]
    assert len({request.connection for request in secure.submissions}) == 1


# --- how long a call takes, and how long a connection rests -------------------------------------------------------


def test_an_answer_that_comes_a_byte_at_a_time_ends_with_the_call(aws: None, server: SesServer) -> None:
    server.behave = dripping
    client = open_client(read_seconds=0.5)
    began = time.monotonic()
    answer = SesTransport(client, SETS).send(email())
    assert answer == replace(NO_ANSWER, detail="ReadTimeoutError")
    assert 0.4 < time.monotonic() - began < 5
    client.close()


def test_after_a_slow_answer_the_connection_is_as_good_as_before(aws: None, server: SesServer) -> None:
    def slow(handler: Handler) -> None:
        time.sleep(0.4)
        accepting(handler)

    client = open_client(read_seconds=2.0)
    transport = SesTransport(client, SETS)
    for behave in (accepting, slow, slow, slow, slow, slow, accepting):
        server.behave = behave
        assert isinstance(transport.send(email()), Accepted)
    assert len({request.connection for request in server.submissions}) == 1
    client.close()


def test_each_connection_that_has_rested_too_long_is_opened_again(
    aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_client()
    transport = SesTransport(client, SETS, monotonic=lambda: 0.0)
    transport.send(email())
    now = time.monotonic
    monkeypatch.setattr(ses_direct, "time", SimpleNamespace(monotonic=lambda: now() + IDLE_SECONDS + 1))
    transport.send(email())
    transport.send(email())
    first, second, third = (request.connection for request in server.submissions)
    assert (first == second, second == third) == (False, True)
    client.close()


def test_connections_are_not_closed_while_a_call_is_under_way(aws: None, server: SesServer) -> None:
    class Watched:
        closed = 0

        def send_email(self, **parameters: Any) -> dict[str, str]:
            if parameters["EmailTags"][0]["Value"] == "A-1":
                clock.now += IDLE_SECONDS + 1
                assert isinstance(transport.send(email(message_id="A-2")), Accepted)
            return {"MessageId": "x"}

        def get_account(self) -> dict[str, str]:
            return {}

        def close(self) -> None:
            self.closed += 1

    clock, client = SimpleNamespace(now=0.0), Watched()
    transport = SesTransport(client, SETS, monotonic=lambda: clock.now)
    transport.send(email(message_id="A-1"))
    assert client.closed == 0
    clock.now += IDLE_SECONDS + 1
    transport.send(email(message_id="A-3"))
    assert client.closed == 1
