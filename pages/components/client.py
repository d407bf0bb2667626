"""Where a request came from."""

from __future__ import annotations

import streamlit as st

from backend.domain.network import original_client
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
