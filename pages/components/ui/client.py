"""Where a request came from, and over which connection."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from backend.domain.network import THIS_MACHINE, Origin, origin_of
from backend.services.system.checks import note_origin
from pages.components.ui.shell import current_shop, settings


def client_address() -> str:
    """What failed sign-ins are counted for, `THIS_MACHINE` for somebody who sits at it; never logged."""
    origin = client_origin()
    note_origin(current_shop(), origin)
    return origin.client


def client_origin() -> Origin:
    """Where the connection of this browser came from."""
    headers = st.context.headers
    pairs = [(name, value) for name in headers for value in headers.get_all(name)]
    return origin_of(st.context.ip_address or THIS_MACHINE, pairs, settings().trusted_proxies)  # Streamlit says None


def connection_key() -> str:
    """What identifies this connection; only the browser and the server know it (RFC 6455, section 4.1)."""
    return st.context.headers.get("Sec-WebSocket-Key", "")


def user_agent() -> str:
    """How the browser names itself."""
    return st.context.headers.get("User-Agent", "")


def session_id() -> str:
    """The id of this session of Streamlit."""
    context = get_script_run_ctx()
    return "" if context is None else context.session_id
