"""Whose address a request counts for, and whether something passed it on that nobody has named."""

from __future__ import annotations

import pytest

from backend.domain.network import address_group, origin_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.9", [], "", "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "", "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.1"], "10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "127.0.0.1", "198.51.100.1"),
        ("10.0.0.2", ["1.1.1.1, 198.51.100.1, 10.0.0.3"], "10.0.0.0/8", "198.51.100.1"),
        ("10.0.0.2", ["1.1.1.1", "198.51.100.1"], "10.0.0.0/8, 127.0.0.1", "198.51.100.1"),
        ("10.0.0.2", ["10.0.0.9"], "10.0.0.0/8", "10.0.0.9"),
        ("10.0.0.2", ["forged-text"], "10.0.0.0/8", "forged-text"),
        ("::1", ["2001:db8::7"], "::1", "2001:db8::7"),
        ("::ffff:10.0.0.2", ["198.51.100.1"], "10.0.0.0/8", "198.51.100.1"),
        ("not an address", ["198.51.100.1"], "10.0.0.0/8", "not an address"),
    ],
)
def test_only_trusted_proxies_say_whose_address_it_is(
    peer: str, forwarded: list[str], trusted: str, expected: str
) -> None:
    headers = [("X-Forwarded-For", value) for value in forwarded]
    assert origin_of(peer, headers, trusted).address == expected


@pytest.mark.parametrize(
    "header", ["Forwarded", "x-forwarded-for", "X-Real-IP", "Via", "CF-Connecting-IP", "X-Forwarded-Host"]
)
def test_any_forwarding_header_means_that_something_passed_the_request_on(header: str) -> None:
    origin = origin_of("127.0.0.1", [("Host", "localhost"), (header, "x")], "")
    assert origin.forwarded
    assert origin.by_unnamed_proxy


def test_a_proxy_that_is_named_is_no_unnamed_one() -> None:
    assert not origin_of("10.0.0.2", [("X-Forwarded-For", "198.51.100.1")], "10.0.0.0/8").by_unnamed_proxy
    assert origin_of("10.1.0.2", [("X-Forwarded-For", "198.51.100.1")], "10.0.0.0/24").by_unnamed_proxy
    assert not origin_of("198.51.100.1", [("Host", "shop.example.com")], "").by_unnamed_proxy


def test_one_household_of_ipv6_addresses_counts_as_one() -> None:
    assert address_group("2001:db8:1:2::a") == address_group("2001:db8:1:2:ffff::b")
    assert address_group("2001:db8:1:3::a") != address_group("2001:db8:1:2::a")
    assert address_group("::ffff:192.0.2.7") == "192.0.2.7"
    assert address_group("not an address") == "not an address"
