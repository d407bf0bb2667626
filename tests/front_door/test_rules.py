"""Names that the server answers to, and pages that may talk to it."""

from __future__ import annotations

import pytest

from backend.config import Settings
from backend.domain.network import host_of
from front_door.rules import Rules, rules_of

RULES = rules_of(
    Settings(public_url="https://shop.example.com", allowed_hosts="admin.example.com, *.office.example.com ,Tills.")
)


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        *((host, True) for host in ("localhost", "localhost:3000", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST.")),
        *((host, True) for host in ("shop.example.com", "SHOP.example.com.", "shop.example.com:8443")),
        *((host, True) for host in ("admin.example.com", "a.b.office.example.com", "tills", "10.0.0.7:8501")),
        *((host, False) for host in ("evil.example.com", "office.example.com", "evilshop.example.com", "10.0.0.8")),
        *((host, False) for host in ("shop.example.com.evil.example", "localhost.evil.example", "", "a b", "*")),
        *((host, False) for host in ("shop.example.com@evil.example", "evil.example#shop.example.com", "127.1")),
        *((host, False) for host in ("shop.example.com,evil.example", "xn--lcalhost-54a", "[::2]", "[::1]x")),
    ],
)
def test_the_server_answers_to_its_own_names_alone(host: str, answered: bool) -> None:
    assert (RULES.host([host], "10.0.0.7") is not None) is answered


def test_no_host_and_two_hosts_are_refused() -> None:
    assert RULES.host([]) is None
    assert RULES.host(["localhost", "localhost"]) is None


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://localhost:8501", "localhost:8501", True),
        ("http://127.0.0.1:3000", "127.0.0.1:3000", True),
        ("http://[::1]:8501", "[::1]:8501", True),
        ("https://shop.example.com", "shop.example.com", True),
        ("https://shop.example.com", "shop.example.com:443", True),
        ("https://SHOP.example.com", "shop.example.com", True),
        ("https://shop.example.com", "127.0.0.1:8501", True),
        ("https://till.office.example.com:9", "127.0.0.1:8501", True),
        ("http://localhost:3000", "localhost:8501", False),
        ("http://localhost:8501", "shop.example.com", False),
        ("http://localhost", "admin.example.com", False),
        ("https://shop.example.com:9999", "shop.example.com", False),
        ("https://evil.example", "shop.example.com", False),
        ("https://shop.example.com.evil.example", "shop.example.com", False),
        ("https://shop.example.com@evil.example", "shop.example.com", False),
        ("https://evil.example/shop.example.com", "shop.example.com", False),
        ("file://", "localhost:8501", False),
        ("chrome-extension://shop.example.com", "shop.example.com", False),
        ("null", "localhost:8501", False),
        ("", "localhost:8501", False),
    ],
)
def test_only_our_own_pages_may_talk_to_it(origin: str, host: str, allowed: bool) -> None:
    named = host_of(host)
    assert named is not None
    assert RULES.origin([origin], named) is allowed


def test_programs_send_no_origin_and_nobody_two() -> None:
    host = host_of("localhost")
    assert host is not None
    assert RULES.origin([], host)
    assert not RULES.origin(["http://localhost", "http://localhost"], host)


def test_any_host_is_not_any_page() -> None:
    rules, host = Rules(names=("*",)), host_of("shop.example.com")
    assert host is not None
    assert rules.host(["shop.example.com"]) == host
    assert rules.origin(["https://shop.example.com"], host)
    assert not rules.origin(["https://evil.example"], host)


def test_the_default_public_address_lets_no_other_program_of_this_machine_in() -> None:
    rules, host = rules_of(Settings(port=9000)), host_of("127.0.0.1:9000")
    assert host is not None
    assert not rules.origin(["http://localhost:8501"], host)


@pytest.mark.parametrize(
    ("scheme", "headers", "host", "https"),
    [
        ("https", [], "localhost", True),
        ("http", [("X-Forwarded-Proto", "https")], "localhost", True),
        ("http", [("x-forwarded-proto", "HTTPS, http")], "localhost", True),
        ("http", [("Forwarded", "for=192.0.2.1;proto=https")], "localhost", True),
        ("http", [("Origin", "https://admin.example.com")], "admin.example.com", True),
        ("http", [], "shop.example.com", True),
        ("http", [], "admin.example.com", False),
        ("http", [("X-Forwarded-Proto", "http")], "localhost:8501", False),
    ],
)
def test_cookies_are_for_https_where_the_browser_uses_it(
    scheme: str, headers: list[tuple[str, str]], host: str, https: bool
) -> None:
    assert RULES.https(scheme, headers, host_of(host)) is https
