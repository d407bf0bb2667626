"""The one place where `st.session_state` is touched by name: typed slots, so that no two pages share a key by accident.

A slot's key carries the name of what it belongs to, such as "place_order.order_id".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar, cast

import streamlit as st

from backend.domain.team import Actor
from backend.services.team.sessions import Session

Value = TypeVar("Value")


class Slot(Generic[Value]):
    """One value that a browser session remembers between runs."""

    def __init__(self, key: str) -> None:
        self.key = f"tillpost.{key}"

    def get(self) -> Value | None:
        return cast("Value | None", st.session_state.get(self.key))

    def set(self, value: Value) -> None:
        st.session_state[self.key] = value

    def clear(self) -> None:
        if self.key in st.session_state:
            del st.session_state[self.key]

    def once(self, make: Callable[[], Value]) -> Value:
        """The value, made when it is first asked for: how a form gets its idempotency key when it is first rendered."""
        value = self.get()
        if value is None:
            value = make()
            self.set(value)
        return value


class _Field(Slot[Value]):
    """The value of a widget, by the widget's own key."""

    def __init__(self, key: str) -> None:
        self.key = key


def field_of(key: str, default: Value) -> Slot[Value]:
    """The value of the widget with this key, which is the default until somebody chooses another."""
    found: Slot[Value] = _Field(key)
    if key not in st.session_state:
        found.set(default)
    return found


def sent_by(key: str, event: str) -> object:
    """What the component with this key sent as this event; None when it sent nothing."""
    sent = st.session_state.get(key)
    return sent.get(event) if isinstance(sent, Mapping) else None


SESSION: Slot[Session] = Slot("session")
"""Who is signed in here. The guard alone believes it, after asking the store."""

ACTOR: Slot[Actor] = Slot("actor")
"""Whom the guard let through in this run; for reads that are kept (`caching`). Pages get it from the guard."""

NOTICE: Slot[str] = Slot("notice")
"""A sentence to show once, on the next page."""


def forget_fields(prefix: str) -> None:
    """Empties the fields whose keys begin like this, also those that are kept while another page is shown."""
    for key in [key for key in st.session_state if isinstance(key, str) and key.startswith(prefix)]:
        del st.session_state[key]


def forget_everything() -> None:
    """Empties the browser session, so that the next person to sign in here sees nothing of the last one."""
    for key in list(st.session_state.keys()):
        del st.session_state[key]
