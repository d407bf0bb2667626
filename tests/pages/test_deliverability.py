"""Deliverability as managers read it: a sentence on top, gauges, Gmail's line, and the check of the domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backend.domain.emails import Account
from backend.domain.sender_domain import Subject
from backend.domain.team import Role
from backend.email.dns import DnsLookup
from backend.services.context import Shop
from backend.services.deliverability.domain import Probe, last_report
from backend.store import schema
from backend.store.port import Plus, Update
from pages.components.deliverability import domain
from pages.components.ui import shell
from tests.email.name_server import SILENT, Zone, name_server
from tests.pages.dashboard import Dashboard
from tests.pages.reading import MARKUP, field, press, said
from tests.services.test_domain_check import FakeWeb

ZONE: Zone = {
    "example.com": (("TXT", '"v=spf1 include:amazonses.com ~all"'),),
    "amazonses.com": (("TXT", '"v=spf1 -all"'),),
    "s1._domainkey.example.com": (("TXT", '"v=DKIM1; p="'),),
}


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with name_server(ZONE) as resolver:
        probe = Probe(lambda: DnsLookup(resolver), FakeWeb(), shell.mailer().links, "shop@example.com")
        monkeypatch.setattr(domain, "_probe", lambda: probe)
        yield


def count(shop: Shop, **counts: int) -> None:
    hour = f"{shop.clock().astimezone(shop.zone):%Y-%m-%dT%H}"
    added = {name.replace("__", ":"): Plus(number) for name, number in counts.items()}
    key = schema.hours_key(hour, "newsletter", "AAAAAAAAAA-k")
    shop.store.update(Update(key, set={"kind": "marketing"}, add=added))


def test_a_new_shop_is_told_that_nothing_is_known_yet(dashboard: Dashboard) -> None:
    app = dashboard.open("deliverability.py", Role.MANAGER)
    assert not app.exception
    assert "Not enough reports yet to judge delivery." in said(app)
    assert "Nothing went to Gmail in the last 30 days." in said(app)
    assert "The domain has not been checked yet." in said(app)


def test_mail_that_arrives_is_said_in_one_sentence(dashboard: Dashboard) -> None:
    count(dashboard.shop, gmail__sent=400, other__sent=600, delivered=990, bounced=5, complained=0)
    app = dashboard.open("deliverability.py", Role.MANAGER)
    assert next(each.value for each in app.success).replace("\\", "") == (
        "Emails arrive. 99.0% of the last 1,000 emails were delivered."
    )
    assert "At most 400 emails a day went to Gmail" in said(app)
    assert list(app.dataframe[0].value["Mailbox provider"]) == ["Other domains", "Gmail"]


def test_too_many_complaints_come_first_with_what_to_do(dashboard: Dashboard) -> None:
    count(dashboard.shop, other__sent=1000, delivered=900, bounced=60, complained=20)
    app = dashboard.open("deliverability.py", Role.MANAGER)
    text = said(app)
    assert "Delivery is at risk. Act now." in text
    assert text.index("Too many people mark our mail as spam.") < text.index("Too many emails come back")
    assert "Pause marketing mail." in text


def test_the_standing_of_the_account_is_put_into_words(dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    mailer = shell.mailer()
    account = Account(14.0, 200, 30, sandbox=True, sending_enabled=True, status="PROBATION")

    class Ses:
        name = "ses"
        send = mailer.transport.send

        def account(self) -> Account:
            return account

    monkeypatch.setattr("pages.components.sending.limits.mailer", lambda: replace(mailer, transport=Ses()))
    text = said(dashboard.open("deliverability.py", Role.ENGINEER))
    assert "The account: Under review, in the sandbox, sending is on." in text.replace("**", "")
    assert "The mail provider has put this account under review." in text
    assert "30 of 200" in text


@pytest.mark.usefixtures("dns")
def test_the_domain_is_checked_at_the_press_of_a_button_and_the_report_stays(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = dashboard.open("deliverability.py", Role.MANAGER)
    field(app, "DKIM selectors (optional)").set_value("s1")
    app = press(app, "Check now")
    assert not app.exception
    text = said(app)
    assert "example.com has no DMARC record." in text
    assert "s1._domainkey.example.com holds no key that receivers accept." in text
    assert "is not fully set up" not in text
    assert [code.value for code in app.code if "dmarc" in code.value] == [
        "_dmarc.example.com",
        "v=DMARC1; p=none; rua=mailto:dmarc@example.com",
    ]
    report = last_report(dashboard.shop)
    assert report is not None
    assert {finding.subject for finding in report.findings} >= {Subject.SPF, Subject.DKIM, Subject.ONE_CLICK}
    sending = shell.settings().model_copy(update={"mail_transport": "ses"})
    monkeypatch.setattr(domain, "settings", lambda: sending)
    again = said(dashboard.open("deliverability.py", Role.ENGINEER))
    assert "example.com has no DMARC record." in again
    assert "example.com is not fully set up: DKIM" in again


@pytest.mark.usefixtures("dns")
def test_a_wrong_selector_is_refused_in_a_sentence(dashboard: Dashboard) -> None:
    app = dashboard.open("deliverability.py", Role.MANAGER)
    field(app, "DKIM selectors (optional)").set_value("a/b")
    assert "is not a DKIM selector" in said(press(app, "Check now"))


@pytest.mark.parametrize("text", MARKUP)
def test_what_a_domain_publishes_is_shown_as_it_is(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    record = f'"v=spf1 {text.replace(" ", "")}"'
    with name_server({"example.com": (("TXT", record),)}) as resolver:
        probe = Probe(lambda: DnsLookup(resolver), FakeWeb(), shell.mailer().links, "shop@example.com")
        monkeypatch.setattr(domain, "_probe", lambda: probe)
        app = press(dashboard.open("deliverability.py", Role.MANAGER), "Check now")
    assert record.strip('"') in [code.value for code in app.code]
    assert not app.exception


def test_servers_that_are_silent_do_not_hold_the_page_for_long(
    dashboard: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone: Zone = {"example.com": SILENT, "_dmarc.example.com": SILENT, "_dmarc.com": SILENT}
    with name_server(zone) as resolver:
        probe = Probe(lambda: DnsLookup(resolver, seconds=0.4), FakeWeb(), shell.mailer().links, "shop@example.com")
        monkeypatch.setattr(domain, "_probe", lambda: probe)
        app = press(dashboard.open("deliverability.py", Role.MANAGER), "Check now")
    assert "could not be looked up in time" in said(app)
