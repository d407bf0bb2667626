"""A staging installation writes to the people on its list and to nobody else, whatever asks for the email."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.bootstrap import open_account_list, open_transport
from backend.config import load_settings
from backend.domain.emails import Accepted, Refused
from backend.domain.messages import MessageStatus
from backend.domain.team import Member, Role
from backend.email.transports.outbox_reader import Outbox
from backend.email.transports.recording import RecordingTransport
from backend.email.transports.staging import MARK, NOT_LISTED, StagingTransport
from backend.errors import ConfigurationError
from backend.services.context import Shop
from backend.services.sending.delivery import deliver_due
from backend.services.sending.requests import SendRequest, new_click_key, request_message, request_test
from backend.services.templates.previews import render_preview
from tests.campaigns.support import Desk
from tests.email.transports.samples import email
from tests.support import STAFF, add_customer

OURS = ("mara@shop.example", "@team.example")


@pytest.fixture
def desk(shop: Shop) -> Desk:
    return Desk(shop, StagingTransport(RecordingTransport(), OURS))


def taken(desk: Desk) -> set[tuple[str, bool]]:
    """To whom emails went, and whether their subjects were marked."""
    assert isinstance(desk.transport, StagingTransport)
    inner = desk.transport._inner
    assert isinstance(inner, RecordingTransport)
    return {(each.to.rpartition("<")[2].rstrip(">"), each.subject.startswith(MARK)) for each in inner.submitted}


def test_a_campaign_reaches_nobody_else(desk: Desk) -> None:
    desk.people(3)
    add_customer(desk.shop, email="ina@team.example", consent=True)
    campaign = desk.finished(desk.started())
    assert taken(desk) == {("ina@team.example", True)}
    found = desk.messages(campaign)
    assert sorted(message.status for message in found) == [MessageStatus.FAILED] * 3 + [MessageStatus.SENT]
    assert {message.reason for message in found if message.status is MessageStatus.FAILED} == {NOT_LISTED}


def test_single_emails_and_tests_reach_nobody_else(desk: Desk) -> None:
    for address in ("customer@example.com", "Mara@Shop.example"):
        customer = add_customer(desk.shop, email=address)
        request_message(desk.shop, desk.mailer, STAFF, SendRequest("verify-address", new_click_key(), customer.id))
    seen = render_preview(desk.shop, "announcement")
    for name, address in (("in", "sam@team.example"), ("out", "sam@private.example")):
        member = Member(name, name, address, Role.STAFF, desk.shop.clock(), desk.shop.clock())
        request_test(desk.shop, desk.mailer, STAFF, member, seen.version, seen.data, new_click_key())
    while deliver_due(desk.shop, desk.mailer).total:
        pass
    assert {to.casefold() for to, marked in taken(desk) if marked} == {"mara@shop.example", "sam@team.example"}
    assert len(taken(desk)) == 2


@pytest.mark.parametrize(
    ("to", "permitted"),
    [
        ("MARA@shop.example", True),
        ('"Mara, of the shop" <mara@shop.example>', True),
        ("success+x@simulator.amazonses.com", True),
        ("other@shop.example", False),
        ("a@team.example.evil.example", False),
        ('"mara@shop.example" <customer@example.com>', False),
        ("mara@shop.example, customer@example.com", False),
        ("not an address", False),
    ],
)
def test_only_listed_addresses_and_domains_are_permitted(to: str, permitted: bool) -> None:
    answer = StagingTransport(RecordingTransport(), OURS).send(email(to=to))
    assert isinstance(answer, Accepted if permitted else Refused)


def test_the_settings_put_it_before_every_transport(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    settings = load_settings(data_dir=tmp_path, staging=True, mail_transport="local")
    assert isinstance(open_transport(settings).send(email()), Refused)
    allowed = load_settings(data_dir=tmp_path, staging=True, staging_recipients="maria@example.com")
    assert isinstance(open_transport(allowed).send(email()), Accepted)
    assert Outbox(tmp_path / "outbox").counts()[0] == 1
    shared = load_settings(data_dir=tmp_path, staging=True, mail_transport="ses")
    assert isinstance(open_transport(shared), StagingTransport)
    assert type(open_account_list(shared)).__name__ == "FileAccountList"
    with pytest.raises(ConfigurationError, match="STAGING_RECIPIENTS"):
        load_settings(staging_recipients="everybody")
