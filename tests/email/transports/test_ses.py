"""Amazon SES: what is submitted, over which connections, and what the account is known to allow."""

from __future__ import annotations

import base64
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from backend.domain.emails import Accepted, Account, Attachment, Kind, OutgoingEmail, Refused
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.ses import STALE_SECONDS, SesClient, SesTransport
from backend.email.transports.ses_client import open_client
from backend.errors import ConfigurationError
from tests.email.transports.conftest import SETS
from tests.email.transports.samples import body_of, email, parsed
from tests.email.transports.ses_server import (
    SesServer,
    accepting,
    failing,
    saying,
)
from tests.support import outcomes_of

NEWS = email(
    kind=Kind.MARKETING,
    template="newsletter",
    sender="Bücher <news@bücher.example>",
    reply_to="Help <help@shop.example>",
    subject="Grüße",
    headers={"List-Unsubscribe": "<https://shop.example/u/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
)


def test_a_submission_says_everything(transport: SesTransport, server: SesServer) -> None:
    assert transport.send(NEWS) == Accepted("ses-1")
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/v2/email/outbound-emails")
    assert request.body == {
        "FromEmailAddress": "=?utf-8?q?B=C3=BCcher?= <news@xn--bcher-kva.example>",
        "Destination": {"ToAddresses": ["maria@example.com"]},
        "ReplyToAddresses": ["Help <help@shop.example>"],
        "Content": {
            "Simple": {
                "Subject": {"Data": "Grüße", "Charset": "UTF-8"},
                "Body": {
                    "Html": {"Data": NEWS.html, "Charset": "UTF-8"},
                    "Text": {"Data": NEWS.text, "Charset": "UTF-8"},
                },
                "Headers": [
                    {"Name": "List-Unsubscribe", "Value": "<https://shop.example/u/1>"},
                    {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                    {"Name": "X-Tillpost-Message", "Value": NEWS.message_id},
                ],
            }
        },
        "EmailTags": [
            {"Name": "message", "Value": NEWS.message_id},
            {"Name": "template", "Value": "newsletter"},
            {"Name": "kind", "Value": "marketing"},
        ],
        "ConfigurationSetName": "news",
    }


def test_our_own_header_leaves_room_for_the_fifteen_of_the_email(transport: SesTransport, server: SesServer) -> None:
    headers = {f"X-Own-{number}": "yes" for number in range(15)}
    assert transport.send(replace(NEWS, headers=headers)) == Accepted("ses-1")
    (request,) = server.requests
    assert [each["Name"] for each in request.body["Content"]["Simple"]["Headers"]] == list(headers)


def test_transactional_mail_has_its_own_configuration_set(transport: SesTransport, server: SesServer) -> None:
    transport.send(email())
    assert server.requests[0].body["ConfigurationSetName"] == "orders"


def test_no_configuration_set_is_named_where_there_is_none(client: SesClient, server: SesServer) -> None:
    SesTransport(client, {Kind.MARKETING: ""}).send(NEWS)
    assert "ConfigurationSetName" not in server.requests[0].body


def test_with_attachments_the_whole_message_goes_out(transport: SesTransport, server: SesServer) -> None:
    sent = email(attachments=(Attachment("Rechnung für Maria.pdf", b"%PDF", "application/pdf"),))
    assert isinstance(transport.send(sent), Accepted)
    body = server.requests[0].body
    raw = base64.b64decode(body["Content"]["Raw"]["Data"])
    assert raw.isascii()
    message = parsed(raw)
    assert [part.get_filename() for part in message.iter_attachments()] == ["Rechnung für Maria.pdf"]
    assert body_of(message, "html") == sent.html
    assert body["EmailTags"][0] == {"Name": "message", "Value": sent.message_id}


def test_a_body_of_two_megabytes_is_submitted(transport: SesTransport, server: SesServer) -> None:
    html = "<p>" + "Grüße an alle. " * 140_000 + "</p>"
    assert isinstance(transport.send(email(html=html)), Accepted)
    assert server.requests[0].body["Content"]["Simple"]["Body"]["Html"]["Data"] == html


@pytest.mark.parametrize(
    "wrong",
    [
        email(to="jörg@example.com"),
        email(subject="Hello\r\nBcc: eve@example.com"),
        email(headers={"X-Note": "a\r\nBcc: eve@example.com"}),
        email(headers={"X-SES-CONFIGURATION-SET": "other"}),
        email(template="a b"),
        email(message_id="a#b"),
        email(html="\ud83d"),
        email(attachments=(Attachment("a.bin", bytes(40 * 2**20)),)),
    ],
    ids=["address", "subject", "header", "ses-header", "template", "id", "surrogate", "size"],
)
def test_what_cannot_be_mail_is_refused_without_asking(
    transport: SesTransport, server: SesServer, wrong: OutgoingEmail
) -> None:
    answer = transport.send(wrong)
    assert isinstance(answer, Refused)
    assert not answer.retryable
    assert server.requests == []


def test_a_stand_in_on_this_machine_needs_no_credentials_and_no_region(
    monkeypatch: pytest.MonkeyPatch, server: SesServer, tmp_path: Any
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", server.address)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert isinstance(SesTransport(open_client(), SETS).send(email()), Accepted)


def test_without_a_region_the_program_does_not_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL_SESV2", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        open_client()
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    open_client().close()
    monkeypatch.setenv("AWS_PROFILE", "missing")
    with pytest.raises(ConfigurationError):
        open_client()


# --- connections -------------------------------------------------------------------------------------------------


class Stopwatch:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_threads_send_at_the_same_time_each_once(transport: SesTransport, server: SesServer) -> None:
    emails = [email(message_id=f"A-{number}") for number in range(24)]
    answers = outcomes_of([partial(transport.send, each) for each in emails])
    assert all(isinstance(answer, Accepted) for answer in answers)
    tags = sorted(request.body["EmailTags"][0]["Value"] for request in server.submissions)
    assert tags == sorted(each.message_id for each in emails)


# --- the account -------------------------------------------------------------------------------------------------


def test_the_account_is_what_ses_says(transport: SesTransport) -> None:
    assert transport.account() == Account(14.0, 50000, 120, sandbox=False, sending_enabled=True, status="HEALTHY")


def test_what_ses_leaves_out_is_forbidden(transport: SesTransport, server: SesServer) -> None:
    server.behave = saying(200, b"{}")
    assert transport.account() == Account(0.0, 0, 0, sandbox=True, sending_enabled=False, status="UNKNOWN")


def test_the_account_is_asked_for_once_a_minute(client: SesClient, server: SesServer) -> None:
    watch = Stopwatch()
    transport = SesTransport(client, SETS, monotonic=watch)
    counts = []
    for pause in (0, 59, 2, 59):
        watch.now += pause
        transport.account()
        counts.append(len(server.requests))
    assert counts == [1, 1, 2, 2]


def test_an_old_account_is_used_for_a_while_and_then_nothing_may_be_sent(client: SesClient, server: SesServer) -> None:
    watch = Stopwatch()
    transport = SesTransport(client, SETS, monotonic=watch)
    known = transport.account()
    server.behave = failing(403, "AccessDeniedException")
    watch.now += STALE_SECONDS - 1
    assert transport.account() == known
    watch.now += 2
    with pytest.raises(AccountUnknownError, match="AccessDeniedException"):
        transport.account()
    server.behave = accepting
    watch.now += 6
    assert transport.account() == known


def test_a_silent_ses_is_not_asked_again_at_once(client: SesClient, server: SesServer) -> None:
    watch = Stopwatch()
    transport = SesTransport(client, SETS, monotonic=watch)
    server.behave = failing(500, "InternalFailure")
    for _ in range(3):
        with pytest.raises(AccountUnknownError):
            transport.account()
    assert len(server.requests) == 1
