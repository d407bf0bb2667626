"""Where a request came from."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import streamlit as st

from pages.components.shell import settings

_HERE = "127.0.0.1"
_FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")
_BEHIND_A_PROXY = "behind a proxy on this machine"
"""Anybody, if a proxy here passes requests on without being trusted to say for whom."""


def client_address() -> str:
    """The address that failed sign-ins are counted for; never logged."""
    headers = st.context.headers
    peer = st.context.ip_address or _HERE  # Streamlit says None for this machine
    address = original_client(peer, headers.get_all("X-Forwarded-For"), settings().trusted_proxies)
    if address == _HERE and any(name in headers for name in _FORWARDED):
        return _BEHIND_A_PROXY
    return address


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
    return any(parsed in network for network in networks)  # type: ignore[operator]
