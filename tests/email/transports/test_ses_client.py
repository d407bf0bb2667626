"""The client for SES: its surroundings (credentials, proxies, TLS), its deadline, its connections."""

from __future__ import annotations

import datetime
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backend import deadlines
from backend.domain.emails import Accepted, Refused
from backend.email.transports import ses_errors
from backend.email.transports.ses import SesTransport
from backend.email.transports.ses_client import IDLE_SECONDS, BoundedClient, open_boto3, open_client
from backend.email.transports.ses_errors import NO_ANSWER, UNREACHED
from tests.email.transports.conftest import SETS
from tests.email.transports.samples import email
from tests.email.transports.ses_server import Handler, SesServer, accepting, dripping, failing, ses_server


def test_a_session_token_goes_out_and_is_signed(aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token-1")
    assert isinstance(SesTransport(open_client(), SETS).send(email()), Accepted)
    (request,) = server.requests
    assert request.headers["X-Amz-Security-Token"] == "token-1"
    assert "x-amz-security-token" in request.headers["Authorization"]
    assert "/eu-central-1/ses/aws4_request" in request.headers["Authorization"]


def test_the_path_of_an_endpoint_is_kept(aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", f"{server.address}/stand/in")
    assert isinstance(SesTransport(open_client(), SETS).send(email()), Accepted)
    assert server.requests[0].path == "/stand/in/v2/email/outbound-emails"


def test_credentials_that_run_out_are_renewed_while_it_sends(
    aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Credentials of containers last for hours; those of a program, as here, are renewed in the same way."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    count = tmp_path / "asked"
    program = tmp_path / "credentials.py"
    program.write_text(
        "import datetime, json, pathlib\n"
        f"count = pathlib.Path({str(count)!r})\n"
        "count.write_text((count.read_text() if count.exists() else '') + 'x')\n"
        "number = len(count.read_text())\n"
        # Within ten minutes of their end they are renewed in any case.
        "lasting = datetime.timedelta(hours=1) if number == 2 else datetime.timedelta(seconds=30)\n"
        "ends = datetime.datetime.now(datetime.timezone.utc) + lasting\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': f'KEY{number}', 'SecretAccessKey': 's',"
        " 'SessionToken': f'token {number}', 'Expiration': ends.isoformat()}))\n"
    )
    config = tmp_path / "config"
    config.write_text(f"[profile shop]\ncredential_process = {sys.executable} {program}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "shop")
    transport = SesTransport(open_client(), SETS)
    for _ in range(2):
        assert isinstance(transport.send(email()), Accepted)
    used = [(request.headers["Authorization"], request.headers["X-Amz-Security-Token"]) for request in server.requests]
    assert [("Credential=KEY2/" in signed, token) for signed, token in used] == [(True, "token 2")] * 2


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


def test_where_there_is_a_proxy_it_sends_by_it(aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert answer == replace(NO_ANSWER, detail="DeadlineError")
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


def test_each_connection_that_has_rested_too_long_is_opened_again(aws: None, server: SesServer) -> None:
    """Also one that rests while others are in use."""
    watch = SimpleNamespace(now=0.0)
    client = BoundedClient(open_boto3(), 5.0, lambda: watch.now)
    transport = SesTransport(client, SETS)
    connections = []
    for pause in (0.0, IDLE_SECONDS, 0.1, IDLE_SECONDS, 0.1):
        watch.now += pause
        transport.send(email())
        connections.append(server.submissions[-1].connection)
    first, second, third, fourth, fifth = connections
    assert (first == second, second == third, third == fourth, fourth == fifth) == (True, False, True, False)
    client.close()


def test_closing_resting_connections_leaves_a_call_that_is_under_way(aws: None, server: SesServer) -> None:
    client = open_client(read_seconds=5.0)

    def while_it_is_with_ses(handler: Handler) -> None:
        client.close()
        accepting(handler)

    server.behave = while_it_is_with_ses
    transport = SesTransport(client, SETS)
    for _ in range(2):
        assert isinstance(transport.send(email()), Accepted)
    assert len(server.submissions) == 2


def test_connections_closed_between_the_decision_and_the_call_cost_no_email(
    aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_client()
    usual = urllib3.HTTPConnectionPool.urlopen

    def closed_first(pool: urllib3.HTTPConnectionPool, *arguments: Any, **more: Any) -> Any:
        client.close()
        return usual(pool, *arguments, **more)

    monkeypatch.setattr(urllib3.HTTPConnectionPool, "urlopen", closed_first)
    transport = SesTransport(client, SETS)
    assert [type(transport.send(email())) for _ in range(2)] == [Accepted, Accepted]
    assert len(server.submissions) == 2


def test_emails_beyond_the_calls_that_never_end_are_refused_and_not_handed_over(
    aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "MOST_OVERDUE", 2)
    server.behave = dripping
    client = open_client(read_seconds=0.3)
    transport = SesTransport(client, SETS)
    answers = [transport.send(email(message_id=f"A-{number}")) for number in range(3)]
    unanswered = replace(NO_ANSWER, detail="DeadlineError")
    assert answers == [unanswered, unanswered, replace(UNREACHED, detail="NotBegunError")]
    assert len(server.submissions) == 2
    server.released.set()
    for thread in [each for each in threading.enumerate() if each.name == "call SES"]:
        thread.join(5)
    server.behave = accepting
    assert isinstance(transport.send(email()), Accepted)
    client.close()
