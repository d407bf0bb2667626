"""Whose address a request counts for, and whether something passed it on that nobody has named."""

from __future__ import annotations

import pytest

from backend.domain.network import THIS_MACHINE, HostPort, address_group, host_of, origin_of


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


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("localhost", HostPort("localhost")),
        ("LOCALHOST.:8501", HostPort("localhost", 8501)),
        ("127.0.0.1:1", HostPort("127.0.0.1", 1)),
        ("[::1]:8501", HostPort("::1", 8501)),
        ("[0:0:0:0:0:0:0:1]", HostPort("::1")),
        ("[::ffff:127.0.0.1]", HostPort("127.0.0.1")),
        ("Shop.Example.com", HostPort("shop.example.com")),
        ("::1", None),
        ("[::1", None),
        ("[localhost]", None),
        ("localhost:0", None),
        ("localhost:99999", None),
        ("localhost:", None),
        ("localhost..", None),
        ("user@localhost", None),
        ("localhost/x", None),
        ("local host", None),
        ("localhost\n", None),
        ("localhost,evil.example.com", None),
        ("\u217cocalhost", None),
        ("", None),
    ],
)
def test_a_host_header_is_read_in_one_form_or_not_at_all(header: str, expected: HostPort | None) -> None:
    assert host_of(header) == expected


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "LocalHost:8501", "localhost.", "127.0.0.1:3000", "[::1]", "127.0.0.2"])
def test_somebody_at_this_machine_is_known_by_peer_and_host(peer: str, host: str) -> None:
    origin = origin_of(peer, [("HOST", host), ("User-Agent", "x"), ("Origin", "http://localhost")], "")
    assert origin.on_this_machine
    assert origin.client == THIS_MACHINE


@pytest.mark.parametrize(
    ("peer", "hosts"),
    [
        ("192.0.2.1", ["localhost"]),
        ("0.0.0.0", ["localhost"]),  # noqa: S104 - a peer, nothing is bound
        ("fe80::1", ["localhost"]),
        ("", ["localhost"]),
        ("127.0.0.1", []),
        ("127.0.0.1", ["localhost", "localhost"]),
        *(
            ("127.0.0.1", [host])
            for host in (
                "shop.example.com",
                "localhost.example.com",
                "evil.localhost",
                "127.0.0.1.example.com",
                "0.0.0.0",  # noqa: S104 - a header, nothing is bound
                "[::]",
                "127.1",
                "2130706433",
                "0x7f000001",
                "192.168.1.5",
                "localhost@evil.example.com",
                "localhost#.example.com",
            )
        ),
    ],
)
def test_another_peer_or_another_host_is_not_this_machine(peer: str, hosts: list[str]) -> None:
    origin = origin_of(peer, [("Host", host) for host in hosts], "")
    assert not origin.on_this_machine
    assert origin.client != THIS_MACHINE


@pytest.mark.parametrize(
    "header",
    [
        *("X-Forwarded-For", "x-forwarded-host", "X-FORWARDED-PROTO", "X-Forwarded-Port", "X-Forwarded-Server"),
        *("X-Forwarded-Prefix", "X-Forwarded", "Forwarded", "Forwarded-For", "Via", "X-Real-IP", "X-Real-Port"),
        *("X_Forwarded_For", "X-Original-Forwarded-For", "X-Original-Host", "X-Client-IP", "Client-IP"),
        *("X-Cluster-Client-IP", "WL-Proxy-Client-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Connecting-IPv6"),
        *("CF-Ray", "CF-Visitor", "CDN-Loop", "Fly-Client-IP", "Fastly-Client-IP", "X-Amzn-Trace-Id", "X-Envoy-Peer"),
        *("X-Azure-ClientIP", "X-Vercel-Id", "X-Appengine-User-Ip", "X-Cloud-Trace-Context", "Rndr-Id", "X-Host"),
        *("Render-Proxy-Ttl", "X-Request-Start", "Ngrok-Trace-Id", "Tailscale-User-Login", "Proxy-Connection"),
        *("X-ProxyUser-Ip", "Front-End-Https", "X-Remote-Addr", "X-Url-Scheme", "X-Scheme", "X-Amz-Cf-Id"),
    ],
)
@pytest.mark.parametrize("value", ["127.0.0.1", "localhost", ""])
def test_what_a_proxy_passed_on_is_not_from_this_machine_whatever_it_says(header: str, value: str) -> None:
    assert not origin_of("127.0.0.1", [("Host", "localhost"), (header, value)], "").on_this_machine


def test_a_proxy_on_this_machine_that_is_named_is_not_somebody_at_it() -> None:
    assert not origin_of("127.0.0.1", [("Host", "localhost")], "127.0.0.0/8").on_this_machine
    browser = [
        ("Host", "localhost"),
        ("X-Requested-With", "fetch"),
        ("Upgrade", "websocket"),
        ("Sec-Fetch-Site", "none"),
    ]
    assert origin_of("127.0.0.1", browser, "10.0.0.0/8").on_this_machine
