"""Look-ups against a real name server on this machine: what is there, what is not, and who does not answer."""

from __future__ import annotations

import time

import pytest

from backend.domain.deliverability import Level
from backend.email.dns import Absence, DnsLookup, Looked, RecordKind
from backend.services.deliverability.spf import check_spf
from tests.email.name_server import BROKEN, SILENT, Zone, name_server

ZONE: Zone = {
    "shop.example": (
        ("TXT", '"v=spf1 include:" "spf.shop.example" " ~all"'),
        ("TXT", '"other"'),
        ("MX", "10 Mail.Shop.Example."),
        ("MX", "20 backup.shop.example."),
    ),
    "spf.shop.example": (("CNAME", "spf.provider.example."),),
    "spf.provider.example": (("CNAME", "deep.provider.example."),),
    "deep.provider.example": (("TXT", '"v=spf1 ip4:192.0.2.0/24 -all"'),),
    "aaa._domainkey.shop.example": (("CNAME", "AAA.dkim.amazonses.com."),),
    "loop.example": (("CNAME", "loop.example."),),
    "dangling.example": (("CNAME", "gone.example."),),
    "broken.example": BROKEN,
    "silent.example": SILENT,
}


def test_pieces_of_a_text_are_joined_and_names_are_small_without_final_dot() -> None:
    with name_server(ZONE) as resolver:
        lookup = DnsLookup(resolver)
        texts = lookup.look_up("shop.example", RecordKind.TXT)
        assert texts.values == ("other", "v=spf1 include:spf.shop.example ~all")
        assert lookup.look_up("SHOP.example.", RecordKind.MX).values == (
            "10 mail.shop.example",
            "20 backup.shop.example",
        )
        alias = lookup.look_up("aaa._domainkey.shop.example", RecordKind.CNAME)
        assert alias.values == ("aaa.dkim.amazonses.com",)


@pytest.mark.parametrize("follows", [True, False])
def test_aliases_are_followed_whether_the_server_does_it_or_not(follows: bool) -> None:
    with name_server(ZONE, follows=follows) as resolver:
        found = DnsLookup(resolver).look_up("spf.shop.example", RecordKind.TXT)
    assert found.values == ("v=spf1 ip4:192.0.2.0/24 -all",)


@pytest.mark.parametrize(
    ("name", "kind", "absence"),
    [
        ("nobody.example", RecordKind.TXT, Absence.NO_NAME),
        ("deep.provider.example", RecordKind.MX, Absence.NO_RECORD),
        ("deep.provider.example", RecordKind.CNAME, Absence.NO_RECORD),
        ("dangling.example", RecordKind.TXT, Absence.NO_NAME),
        ("loop.example", RecordKind.CNAME, None),
        ("broken.example", RecordKind.TXT, Absence.FAILED),
        ("a..b", RecordKind.TXT, Absence.FAILED),
        ("x" * 70 + ".example", RecordKind.TXT, Absence.FAILED),
    ],
)
def test_what_is_not_there_is_distinguished_from_what_is_not_known(
    name: str, kind: RecordKind, absence: Absence | None
) -> None:
    with name_server(ZONE) as resolver:
        found = DnsLookup(resolver).look_up(name, kind)
    assert found.absence is absence
    assert absence is None or found == Looked(absence=absence)


def test_an_alias_of_itself_comes_to_an_end() -> None:
    with name_server(
        {**ZONE, "a.example": (("CNAME", "b.example."),), "b.example": (("CNAME", "a.example."),)}, follows=False
    ) as resolver:
        assert DnsLookup(resolver).look_up("a.example", RecordKind.TXT).absence is Absence.FAILED


def test_a_silent_server_costs_the_time_that_is_allowed_and_later_look_ups_nothing() -> None:
    with name_server(ZONE) as resolver:
        lookup, began = DnsLookup(resolver, seconds=0.3), time.monotonic()
        assert lookup.look_up("silent.example", RecordKind.TXT).absence is Absence.LATE
        assert lookup.look_up("shop.example", RecordKind.TXT).absence is Absence.LATE
        assert time.monotonic() - began < 2


def test_the_check_of_spf_works_over_a_real_server() -> None:
    with name_server(ZONE) as resolver:
        found = check_spf(DnsLookup(resolver), "shop.example", uses_ses=True)
    assert found.level is Level.GOOD
    assert "1 of 10" in found.sentence
    assert found.found == ("v=spf1 include:spf.shop.example ~all",)
