"""The commands about whether mail arrives."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from backend import bootstrap
from backend.config import Settings
from backend.email.dns import DnsLookup
from backend.services.context import Shop
from backend.services.deliverability.domain import Probe
from backend.services.sending.mailer import Mailer
from backend.store import schema
from backend.store.port import Plus, Update
from tests.cli.conftest import Run
from tests.email.name_server import Zone, name_server
from tests.services.test_domain_check import FakeWeb

ZONE: Zone = {
    "shop.example": (("TXT", '"v=spf1 -all"'),),
    "_dmarc.shop.example": (("TXT", '"v=DMARC1; p=reject"'),),
    "wrong.example": (("TXT", '"v=spf1 +all"'),),
}


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The DNS of these tests, on this machine."""
    with name_server(ZONE) as resolver:

        def probe(settings: Settings, mailer: Mailer) -> Probe:
            return Probe(lambda: DnsLookup(resolver), FakeWeb(), mailer.links, settings.mail_sender)

        monkeypatch.setattr(bootstrap, "open_probe", probe)
        yield


@pytest.mark.usefixtures("dns")
def test_a_domain_is_checked_and_what_is_bad_is_an_exit_code(run: Run) -> None:
    found = run("domain-check", "shop.example", "--json")
    levels = {finding["subject"]: finding["level"] for finding in found.json["findings"]}
    assert (found.code, levels["SPF"], levels["DMARC"], levels["DKIM"]) == (0, "good", "good", "unknown")
    wrong = run("domain-check", "wrong.example")
    assert (wrong.code, "SPF: BAD." in wrong.out) == (1, True)
    assert "TXT _dmarc.wrong.example v=DMARC1; p=none" in wrong.out
    assert run("domain-check", "nonsense").code == 1


def count(shop: Shop, back: int, template: str, **counts: int) -> None:
    hour = f"{datetime.now(UTC) - timedelta(days=back):%Y-%m-%dT%H}"
    added = {name.replace("__", ":"): Plus(number) for name, number in counts.items()}
    key = schema.hours_key(hour, template, "AAAAAAAAAA-k")
    shop.store.update(Update(key, set={"kind": "marketing"}, add=added))


def test_figures_are_given_by_day_template_and_provider(run: Run, shop: Shop) -> None:
    count(shop, 0, "welcome", gmail__sent=3, gmail__delivered=2, delivered=2, bounced=1)
    count(shop, 2, "newsletter", gmx__sent=4, delivered=4, opened=1)
    count(shop, 40, "newsletter", gmx__sent=9)
    days = run("stats", "--json").json
    assert (len(days), days[-1]["sent"], days[-3]["sent"]) == (30, 3, 4)
    by_template = {line["template"]: line for line in run("stats", "--by", "template", "--json").json}
    assert {name: line["sent"] for name, line in by_template.items()} == {"newsletter": 4, "welcome": 3}
    assert (by_template["newsletter"]["opened"], by_template["welcome"]["bounced"]) == (1, 1)
    assert [line["provider"] for line in run("stats", "--by", "provider", "--json").json] == ["gmail", "gmx"]
    shown = run("stats", "--by", "provider").out.splitlines()
    assert shown[0].split()[:3] == ["provider", "sent", "delivered"]
    assert run("stats", "--from", "2026-02-01", "--to", "2026-01-01").code == 1
