"""Where a request came from."""

from __future__ import annotations

import streamlit as st

from backend.domain.network import THIS_MACHINE, Origin, origin_of
from backend.services.system.proxies import note_origin
from pages.components.shell import settings, shop


def client_address() -> str:
    """What failed sign-ins are counted for, `THIS_MACHINE` for somebody who sits at it; never logged."""
    origin = client_origin()
    note_origin(shop(), origin)
    return origin.client


def client_origin() -> Origin:
    """Where the connection of this browser came from."""
    headers = st.context.headers
    pairs = [(name, value) for name in headers for value in headers.get_all(name)]
    return origin_of(st.context.ip_address or THIS_MACHINE, pairs, settings().trusted_proxies)  # Streamlit says None
