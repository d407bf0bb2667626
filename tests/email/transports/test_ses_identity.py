"""What SES is asked about domains, and how its answers are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from backend.bootstrap import open_mailer, open_probe
from backend.config import Settings
from backend.domain.deliverability import Level
from backend.domain.sender_domain import Subject
from backend.email.dns import Absence, Looked, RecordKind
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.ses_client import SesIdentities
from backend.services.context import Shop
from backend.services.deliverability import domain
from backend.services.deliverability.domain import check_domain
from tests.email.transports.ses_server import SesServer, saying, silent
from tests.support import opened_shop

KNOWN = {
    "IdentityType": "DOMAIN",
    "VerifiedForSendingStatus": True,
    "DkimAttributes": {"SigningEnabled": True, "Status": "SUCCESS", "Tokens": ["aaa", "bbb", "ccc"]},
    "MailFromAttributes": {"MailFromDomain": "bounce.shop.example", "MailFromDomainStatus": "SUCCESS"},
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with opened_shop(data_dir=tmp_path) as shop:
        yield shop


class FakeSes:
    """SES with some identities, or with an error for every question."""

    meta = SimpleNamespace(region_name="eu-central-1")

    def __init__(self, identities: dict[str, dict[str, Any]], error: Exception | None = None) -> None:
        self.identities, self.error, self.asked = identities, error, list[str]()

    def get_email_identity(self, *, EmailIdentity: str) -> dict[str, Any]:  # noqa: N803 - as AWS names it
        self.asked.append(EmailIdentity)
        if self.error is not None:
            raise self.error
        if EmailIdentity not in self.identities:
            raise ClientError({"Error": {"Code": "NotFoundException"}}, "GetEmailIdentity")
        return self.identities[EmailIdentity]


def test_an_identity_says_its_keys_and_its_return_path() -> None:
    found = SesIdentities(FakeSes({"shop.example": KNOWN})).find("shop.example")
    assert found is not None
    assert (found.domain, found.dkim_tokens, found.dkim_enabled) == ("shop.example", ("aaa", "bbb", "ccc"), True)
    assert (found.dkim_zone, found.mail_from) == ("dkim.amazonses.com", "bounce.shop.example")
    assert (found.verified, found.region) == (True, "eu-central-1")


def test_newer_identities_say_where_their_keys_are() -> None:
    dkim = {**KNOWN["DkimAttributes"], "SigningHostedZone": "x.dkim.eu-south-2.amazonses.com", "Status": "PENDING"}  # type: ignore[dict-item]
    found = SesIdentities(FakeSes({"shop.example": {"DkimAttributes": dkim}})).find("shop.example")
    assert found is not None
    assert (found.dkim_zone, found.dkim_enabled) == ("x.dkim.eu-south-2.amazonses.com", False)
    assert (found.verified, found.mail_from) == (False, "")


def test_a_subdomain_is_signed_by_the_identity_above_it() -> None:
    ses = FakeSes({"shop.example": KNOWN})
    found = SesIdentities(ses).find("news.shop.example")
    assert found is not None
    assert found.domain == "shop.example"
    assert ses.asked == ["news.shop.example", "shop.example"]


def test_nobody_owns_a_top_level_domain() -> None:
    ses = FakeSes({})
    assert SesIdentities(ses).find("shop.example") is None
    assert ses.asked == ["shop.example"]


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetEmailIdentity"), "AccessDeniedException"),
        (EndpointConnectionError(endpoint_url="https://email"), "EndpointConnectionError"),
    ],
)
def test_a_provider_that_does_not_say_is_no_absence(error: Exception, word: str) -> None:
    with pytest.raises(AccountUnknownError, match=word):
        SesIdentities(FakeSes({}, error)).find("shop.example")


def test_the_check_of_a_domain_asks_ses_as_it_is_installed(
    shop: Shop, aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave = saying(200, json.dumps(KNOWN).encode())
    settings = Settings(mail_transport="ses", public_url="http://localhost:8501")
    probe = open_probe(settings, open_mailer(settings, shop))
    assert probe.identity is not None
    report = check_domain(shop, replace(probe, lookup=NoNames), "shop.example")
    assert {request.path for request in server.requests} == {"/v2/email/identities/shop.example"}
    (dkim,) = [finding for finding in report.findings if finding.subject is Subject.DKIM]
    assert dkim.level is Level.BAD
    assert "aaa._domainkey.shop.example" in [record.name for record in dkim.publish]


def test_ses_that_does_not_answer_is_a_finding_and_no_long_wait(
    shop: Shop, aws: None, server: SesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.behave = silent
    monkeypatch.setattr(domain, "IDENTITY_SECONDS", 0.2)
    settings = Settings(mail_transport="ses", public_url="http://localhost:8501")
    probe = open_probe(settings, open_mailer(settings, shop))
    report = check_domain(shop, replace(probe, lookup=NoNames), "shop.example")
    (dkim,) = [finding for finding in report.findings if finding.subject is Subject.DKIM]
    assert dkim.level is Level.UNKNOWN
    assert "did not answer in time" in dkim.sentence


class NoNames:
    """A DNS without names."""

    def look_up(self, name: str, kind: RecordKind) -> Looked:
        return Looked(absence=Absence.NO_NAME)
