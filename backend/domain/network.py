"""Where a request came from, when proxies stand between."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

FORWARDING_HEADERS = frozenset(
    {
        "cf-connecting-ip",
        "client-ip",
        "fastly-client-ip",
        "fly-client-ip",
        "forwarded",
        "true-client-ip",
        "via",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-proto",
        "x-forwarded-server",
        "x-original-forwarded-for",
        "x-real-ip",
    }
)
"""Headers that only proxies add: RFC 7239, RFC 9110 section 7.6.3, and what the common proxies and CDNs send."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from. `address` is the last one before our own proxies, `peer` the one that connected."""

    peer: str
    address: str
    forwarded: bool
    by_unnamed_proxy: bool
    """Something passed the request on that TRUSTED_PROXIES does not name, so `address` may be shared by many."""


def origin_of(peer: str, headers: Iterable[tuple[str, str]], trusted: str) -> Origin:
    """The origin of a request. `headers` are name and value, `trusted` is the setting TRUSTED_PROXIES."""
    found = [(name.lower(), value) for name, value in headers]
    forwarded = any(name in FORWARDING_HEADERS for name, _ in found)
    networks = _networks(trusted)
    address = _original_client(peer, [value for name, value in found if name == "x-forwarded-for"], networks)
    return Origin(peer, address, forwarded, forwarded and not _is_in(peer, networks))


def address_group(address: str) -> str:
    """What one client can easily choose from: an IPv4 address, or the /64 network of an IPv6 address."""
    parsed = _parsed(address)
    if parsed is None:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _original_client(peer: str, forwarded: Sequence[str], trusted: Sequence[_Network]) -> str:
    """Each proxy appends whom it heard from, so the list is believed from its end, and only as long as proxies that we
    trust have written it.
    """
    chain = [part.strip() for header in forwarded for part in header.split(",")]
    address = peer
    while chain and _is_in(address, trusted):
        address = chain.pop()
    return address


@lru_cache(maxsize=8)
def _networks(trusted: str) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(part.strip(), strict=False) for part in trusted.split(",") if part.strip())


def _is_in(address: str, networks: Sequence[_Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed.version == network.version and parsed in network for network in networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An IPv4 address that a dual-stack socket shows as IPv6 (::ffff:192.0.2.1) counts as the IPv4 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
