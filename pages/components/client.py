"""Where a request came from."""

from __future__ import annotations

import streamlit as st

from backend.domain.network import Origin, origin_of
from backend.services.system.proxies import note_origin
from pages.components.shell import settings, shop

_HERE = "127.0.0.1"
_BEHIND_A_PROXY = "behind a proxy on this machine"
"""Anybody, if a proxy here passes requests on without being trusted to say for whom."""


def client_address() -> str:
    """The address that failed sign-ins are counted for; never logged."""
    origin = client_origin()
    note_origin(shop(), origin)
    return _BEHIND_A_PROXY if origin.address == _HERE and origin.forwarded else origin.address


def client_origin() -> Origin:
    """Where the connection of this browser came from."""
    headers = st.context.headers
    pairs = [(name, value) for name in headers for value in headers.get_all(name)]
    return origin_of(st.context.ip_address or _HERE, pairs, settings().trusted_proxies)  # None is this machine
