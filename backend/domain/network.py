"""Where a request came from, when proxies stand between."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network


def original_client(peer: str, forwarded: Sequence[str], trusted: str) -> str:
    """The last address before our own proxies. `trusted` lists their addresses or networks, comma-separated.

    Each proxy appends whom it heard from, so the list is believed from its end, and only as long as proxies that we
    trust have written it.
    """
    networks = [ip_network(part.strip(), strict=False) for part in trusted.split(",") if part.strip()]
    chain = [part.strip() for header in forwarded for part in header.split(",")]
    address = peer
    while chain and _is_in(address, networks):
        address = chain.pop()
    return address


def _is_in(address: str, networks: Sequence[object]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)  # type: ignore[operator]  # an IPv4 address is in no IPv6 network
