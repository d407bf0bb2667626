"""Where a request came from, also when proxies passed it on."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

_FORWARDING = re.compile(
    r"""(x-)?forwarded.* | x-(original|real|client|cluster|remote|http-forwarded|proxy|envoy|amzn|azure|arr|nf)-.*
    | via | x-proxyuser-ip | .*client-ip | .*connecting-ip.* | remote-(addr|host) | x-(host|scheme|url-scheme)
    | front-end-https | x-vercel-.*
    | x-(request-start|rewrite-url|coming-from|cloud-trace-context|appengine-.*|akamai-.*|amz-cf-.*)
    | (cf|cdn|fly|fastly|akamai|ngrok|tailscale|render|rndr|proxy)-.*""",
    re.VERBOSE,
)
"""Headers that only proxies add: RFC 7239, RFC 9110 section 7.6.3, and what the common proxies, CDNs, tunnels and
platforms send."""
THIS_MACHINE = "127.0.0.1"
_BEHIND_A_PROXY = "behind a proxy on this machine"

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_GLOBAL_UNICAST = (ipaddress.ip_network("2000::/3"),)
"""NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), IPv4-compatible, unique local and multicast addresses are outside of it."""
_NOT_PUBLIC: tuple[_Network, ...] = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # Azure's own services for its virtual machines
            "192.0.0.0/24",  # IETF protocol assignments; Oracle's own services for its cloud machines
            "192.31.196.0/24",  # AS112 (RFC 7535)
            "192.52.193.0/24",  # AMT (RFC 7450)
            "192.88.99.0/24",  # 6to4 relays (RFC 7526)
            "192.175.48.0/24",  # AS112 (RFC 7534)
            "2001::/23",  # Teredo, ORCHID and other protocol assignments
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4 holds an IPv4 address
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from. `address` is the last one before our own proxies, `peer` the one that connected."""

    peer: str
    address: str
    forwarded: bool
    by_unnamed_proxy: bool
    """Something passed the request on that TRUSTED_PROXIES does not name, so `address` may be shared by many."""
    on_this_machine: bool = False
    """The request is from this machine: a loopback peer that is no proxy, a loopback Host, and no forwarding."""

    @property
    def client(self) -> str:
        """What limits count for: the address, `THIS_MACHINE` if `on_this_machine`."""
        if self.on_this_machine:
            return THIS_MACHINE
        return _BEHIND_A_PROXY if _is_loopback(self.address) else self.address


@dataclass(frozen=True, slots=True)
class HostPort:
    """A host as URLs and the header Host name it: lower case, without a trailing dot; IPv6 without brackets."""

    name: str
    port: int | None = None

    @property
    def is_loopback(self) -> bool:
        """`localhost` and the addresses of loopback. Names that merely end in `localhost` are not."""
        return self.name == "localhost" or _is_loopback(self.name)


_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9_-]+(?:\.[a-z0-9_-]+)*)\.?)(?::(\d{1,5}))?", re.ASCII)


def host_of(header: str) -> HostPort | None:
    """What a Host header says (RFC 9110, section 7.2), or None when it is not well formed."""
    found = _HOST.fullmatch(header.lower())
    if found is None or (found[3] and not 0 < int(found[3]) < 65_536):
        return None
    parsed = _parsed(found[1] or found[2])
    if found[1] and parsed is None:
        return None
    return HostPort(str(parsed) if parsed else found[2], int(found[3]) if found[3] else None)


def origin_of(peer: str, headers: Iterable[tuple[str, str]], trusted: str) -> Origin:
    """The origin of a request. `headers` are name and value, `trusted` is the setting TRUSTED_PROXIES."""
    found = [(name.lower().replace("_", "-"), value) for name, value in headers]
    forwarded = any(_FORWARDING.fullmatch(name) for name, _ in found)
    networks = _networks(trusted)
    address = _original_client(peer, [value for name, value in found if name == "x-forwarded-for"], networks)
    hosts = [host_of(value) for name, value in found if name == "host"]
    local_host = len(hosts) == 1 and hosts[0] is not None and hosts[0].is_loopback
    named = _is_in(peer, networks)
    local = _is_loopback(peer) and local_host and not forwarded and not named
    return Origin(peer, address, forwarded, forwarded and not named, local)


def address_group(address: str) -> str:
    """What one client can easily choose from: an IPv4 address, or the /64 network of an IPv6 address."""
    parsed = _parsed(address)
    if parsed is None:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _original_client(peer: str, forwarded: Sequence[str], trusted: Sequence[_Network]) -> str:
    """Each proxy appends its peer's address, so the list is trusted from its end, and only as long as proxies that we
    trust have written it.
    """
    chain = [part.strip() for header in forwarded for part in header.split(",")]
    address = peer
    while chain and _is_in(address, trusted):
        address = chain.pop()
    return address


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, and leads nowhere else by way of a translation or a tunnel.

    IANA's registries of special-purpose addresses (RFC 6890), and what cloud providers answer on for their machines.
    """
    parsed = _parsed(address.partition("%")[0])
    if parsed is None or not parsed.is_global or parsed.is_multicast or parsed.is_reserved:
        return False
    return (parsed.version == 4 or _is_in(str(parsed), _GLOBAL_UNICAST)) and not _is_in(str(parsed), _NOT_PUBLIC)


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


def _is_loopback(address: str) -> bool:
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback
