"""The settings decide which transport is used."""

from __future__ import annotations

from pathlib import Path

from backend.bootstrap import open_transport
from backend.config import load_settings
from backend.domain.emails import Accepted, Kind
from backend.email.transports.outbox_reader import Outbox
from tests.email.transports.samples import email
from tests.email.transports.ses_server import SesServer


def test_without_a_setting_emails_stay_on_this_machine(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)
    transport = open_transport(settings)
    assert transport.name == "local"
    assert isinstance(transport.send(email()), Accepted)
    assert Outbox(tmp_path / "outbox").counts() == (1, 1)


def test_ses_is_chosen_by_name_with_a_configuration_set_for_each_kind(aws: None, server: SesServer) -> None:
    settings = load_settings(
        mail_transport="ses", ses_configuration_set_transactional="T", ses_configuration_set_marketing="M"
    )
    transport = open_transport(settings)
    assert transport.name == "ses"
    for kind in (Kind.TRANSACTIONAL, Kind.MARKETING):
        transport.send(email(kind=kind))
    assert [request.body["ConfigurationSetName"] for request in server.requests] == ["T", "M"]
