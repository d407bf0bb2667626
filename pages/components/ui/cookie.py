"""The sign-in cookie in the browser.

The server sets it in the answer to a request that a component of ours makes, so that no script can read it. Under
`streamlit run` alone nobody takes such a request, and streamlit-authenticator's component writes it.

A component is drawn only until the browser has reported that it is done, never on ordinary runs: drawing it costs a
frame in the browser and one more run of the script. Reading needs no component; the cookie comes with the connection.
"""

from __future__ import annotations

import functools
import hashlib
from datetime import timedelta
from typing import Any

import streamlit as st

from backend.services.team.sessions import COOKIE_NAME, Session, session_of, session_token
from front_door.cookie import COOKIE_PATH
from pages.components.ui.shell import policy
from pages.components.ui.state import Slot

_POST = """
export default function({ data, setTriggerValue }) {
  fetch(data.path, { method: "POST", body: data.value, credentials: "same-origin" })
    .catch(() => undefined)
    .then(() => setTriggerValue("done", true));
}
"""
_server_sets_it = False
_PENDING: Slot[tuple[str, Session | None]] = Slot("cookie")


def read() -> Session | None:
    """The session of the cookie that the browser connected with, if we signed it."""
    token = st.context.cookies.get(COOKIE_NAME)
    return None if token is None else session_of(policy(), str(token))


def write_soon(session: Session) -> None:
    """Lets `deliver` give the browser a cookie for this session."""
    _PENDING.set((session_token(policy(), session), session))


def delete_soon(session: Session) -> None:
    """Lets `deliver` take the cookie of this session away; the session itself must have been ended already."""
    _PENDING.set((session_token(policy(), session), None))


def deliver() -> None:
    """Renders a component if there is something to write or to delete and the browser has not confirmed it yet."""
    pending = _PENDING.get()
    if pending is None:
        return
    token, session = pending
    purpose = "delete" if session is None else "set"
    key = f"cookie_{purpose}_{hashlib.sha256(token.encode()).hexdigest()[:12]}"
    if _server_sets_it:
        if _poster()(
            key=key, data={"path": COOKIE_PATH, "value": token if session else ""}, on_done_change=_nothing
        ).done:
            _PENDING.clear()
    elif st.session_state.get(key):
        _PENDING.clear()
    else:
        _write_by_script(token, session, key)


def server_sets_it() -> None:
    """Called by the server, which can set a cookie that scripts cannot read; `streamlit run` alone cannot."""
    global _server_sets_it
    _server_sets_it = True


@functools.cache
def _poster() -> Any:
    return st.components.v2.component("tillpost_cookie", js=_POST)


def _nothing() -> None:
    """The run that follows is all that is wanted."""


def _write_by_script(token: str, session: Session | None, key: str) -> None:
    # Imported here: Streamlit serves the files of a component only if it is first imported while a page runs.
    from streamlit_authenticator.controllers import CookieController

    days = policy().session_length / timedelta(days=1)
    manager = CookieController(COOKIE_NAME, "", days).cookie_model.cookie_manager
    if session is None:
        manager.cookies.setdefault(COOKIE_NAME, "")  # the library forgets it here, and would stumble over its absence
        manager.delete(COOKIE_NAME, key=key)
    else:
        ends = session.began_at + policy().session_length
        secure = (st.context.url or "").startswith("https:")
        manager.set(COOKIE_NAME, token, key=key, expires_at=ends, secure=secure or None, same_site="strict")
