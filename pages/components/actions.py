"""What happens when somebody presses a button that writes: permission, the write, and what the person is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.errors import BackendError, ConflictError, EmailTakenError
from pages.components import caching, formats
from pages.components.guard import require
from pages.components.navigation import page_of
from pages.components.state import NOTICE, Slot

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last action was refused. `stale` says that somebody else was faster."""

    sentence: str
    stale: bool
    customer_id: str = ""


_TROUBLE: Slot[Trouble] = Slot("trouble")


def act(permission: Permission, action: Callable[[Actor], object], done: str) -> None:
    """For `on_click`: acts as the person who is signed in at this moment, and remembers how it went."""
    _TROUBLE.clear()
    result = attempt(permission, action, done)
    if isinstance(result, Trouble):
        _TROUBLE.set(result)


def attempt(permission: Permission, action: Callable[[Actor], Result], done: str) -> Result | Trouble:
    """The same for forms, which show the trouble themselves so that what was typed stays."""
    actor = require(permission)
    try:
        result = action(actor)
    except BackendError as error:
        owner = error.customer_id if isinstance(error, EmailTakenError) else ""
        return Trouble(error.sentence, isinstance(error, ConflictError), owner)
    caching.changed()
    if done:
        NOTICE.set(done)
    return result


def show_refusal() -> bool:
    """Tells why the last action was refused. True while somebody should look again before acting any further."""
    trouble = _TROUBLE.get()
    if trouble is None:
        return False
    show_trouble(trouble)
    if trouble.stale:
        st.button("Reload", icon=":material/refresh:", on_click=_TROUBLE.clear)
    else:
        _TROUBLE.clear()
    return trouble.stale


def show_trouble(trouble: Trouble) -> None:
    """The sentence, and the way to the customer whom it speaks of."""
    st.error(formats.plain(trouble.sentence), icon=":material/error:")
    if trouble.customer_id:
        st.page_link(page_of("customer.py"), label="Open this customer", query_params={"id": trouble.customer_id})
