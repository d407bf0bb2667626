"""What happens when somebody presses a button that writes: permission, the write, and what the person is told.

A form's main button is drawn by `pressed` or `submitted`: what the form writes is read in the run of the press.
Arguments of `on_click` are those of the run before, which has not seen what was typed just before the click.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.errors import BackendError, ConflictError, EmailTakenError
from pages.components.ui import caching, formats
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.state import NOTICE, Slot

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last action was refused. `stale` says that somebody else was faster."""

    sentence: str
    stale: bool
    customer_id: str = ""


_TROUBLE: Slot[Trouble] = Slot("trouble")


def pressed(label: str, *, key: str, missing: str = "", icon: str | None = None, stretch: bool = False) -> bool:
    """The main button of fields outside an `st.form`. True in the run of a press, while nothing is missing.

    It is never disabled, because a field counts only when it is left, and the click that leaves it would be lost.
    """
    width: Literal["stretch", "content"] = "stretch" if stretch else "content"
    now = st.button(label, key=key, type="primary", icon=icon, width=width)
    return _complete(missing, now=now)


def submitted(label: str, *, key: str, missing: str = "", icon: str | None = None, stretch: bool = True) -> bool:
    """The main button of an `st.form`, which Enter presses too. True as with `pressed`."""
    width: Literal["stretch", "content"] = "stretch" if stretch else "content"
    now = st.form_submit_button(label, key=key, type="primary", icon=icon, width=width)
    return _complete(missing, now=now)


def _complete(missing: str, *, now: bool) -> bool:
    if now and missing:
        st.warning(formats.plain(missing), icon=":material/edit_note:")
    return now and not missing


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
