"""What happens when somebody presses a button that writes: permission, the write, and what the person reads.

A form's main button is drawn by `pressed` or `submitted`: what the form writes is read in the run of the press.
A button that acts at once, on what was drawn and not on what is typed, is drawn by `button`. Why a press was refused is
said beside the button; where that is not drawn any more, at the top of the page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from backend.domain.team import Actor, Permission
from backend.errors import BackendError, ConflictError, EmailTakenError
from pages.components.ui import caching, formats
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import forget_notice
from pages.components.ui.state import NOTICE, Slot

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the last action was refused.

    `stale` says that somebody else was faster, `beside` is the button's key, and `held` says that the page waits until
    somebody has looked again.
    """

    sentence: str
    stale: bool
    customer_id: str = ""
    beside: str = ""
    held: bool = False


_TROUBLE: Slot[Trouble] = Slot("trouble")


def pressed(
    label: str, *, key: str, missing: str = "", icon: str | None = None, stretch: bool = False, main: bool = True
) -> bool:
    """The main button of fields outside an `st.form`, or another one. True when pressed, if nothing is missing.

    It is never disabled, because a field counts only when it is left, and the click that leaves it would be lost.
    """
    width: Literal["stretch", "content"] = "stretch" if stretch else "content"
    now = st.button(label, key=key, type="primary" if main else "secondary", icon=icon, width=width)
    return _complete(key, missing, now=now)


def submitted(label: str, *, key: str, missing: str = "", icon: str | None = None, stretch: bool = True) -> bool:
    """The main button of an `st.form`, which Enter presses too. True as with `pressed`."""
    width: Literal["stretch", "content"] = "stretch" if stretch else "content"
    now = st.form_submit_button(label, key=key, type="primary", icon=icon, width=width)
    return _complete(key, missing, now=now)


def _complete(key: str, missing: str, *, now: bool) -> bool:
    if now and missing:
        st.warning(formats.plain(missing), icon=":material/edit_note:")
    show_refusal(key)
    return now and not missing


def button(
    label: str,
    action: Callable[..., object],
    *args: object,
    key: str,
    icon: str | None = None,
    type: Literal["primary", "secondary", "tertiary"] = "secondary",
    disabled: bool = False,
    help: str | None = None,
) -> None:
    """A button that acts at once: `action(*args)`, which calls `act`, is run before the page is drawn again."""
    st.button(
        label, key=key, type=type, icon=icon, disabled=disabled, help=help, on_click=_press, args=(key, action, args)
    )
    show_refusal(key)


def _press(key: str, action: Callable[..., object], args: tuple[object, ...]) -> None:
    action(*args)
    trouble = _TROUBLE.get()
    if trouble is not None:
        _TROUBLE.set(replace(trouble, beside=key))


def act(permission: Permission, action: Callable[[Actor], object], done: str, *, beside: str = "") -> None:
    """Acts as the person who is signed in at this moment, and remembers how it went for the next run.

    `beside` is the key of what was pressed; `button` names its own.
    """
    _TROUBLE.clear()
    result = attempt(permission, action, done)
    if isinstance(result, Trouble):
        _TROUBLE.set(replace(result, beside=beside))


def attempt(permission: Permission, action: Callable[[Actor], Result], done: str) -> Result | Trouble:
    """The same for forms, which show the trouble themselves so that what was typed stays."""
    actor = require(permission)
    try:
        result = action(actor)
    except BackendError as error:
        forget_notice()
        owner = error.customer_id if isinstance(error, EmailTakenError) else ""
        return Trouble(error.sentence, isinstance(error, ConflictError), owner)
    caching.changed()
    if done:
        NOTICE.set(done)
    return result


def is_stale() -> bool:
    """Whether somebody should look again before acting any further, because somebody else was faster.

    A page that asks keeps the sentence until "Reload" is pressed below it.
    """
    trouble = _TROUBLE.get()
    if trouble is None or not trouble.stale:
        return False
    _TROUBLE.set(replace(trouble, held=True))
    return True


def show_refusal(beside: str = "") -> None:
    """Shows why the last action was refused, if it was that of the button with this key; of any without a key."""
    trouble = _TROUBLE.get()
    if trouble is None or (beside and trouble.beside != beside):
        return
    show_trouble(trouble)
    if trouble.held:
        _TROUBLE.set(replace(trouble, held=False))
        st.button("Reload", icon=":material/refresh:", key="reload_after_refusal", on_click=_TROUBLE.clear)
    else:
        _TROUBLE.clear()


@contextmanager
def refusals_on_top() -> Iterator[None]:
    """Around the run of a page: shows above it what no button of the page has shown."""
    top = st.container()
    try:
        yield
    except StopException:  # nothing can be drawn any more; the page says itself why it ended
        _TROUBLE.clear()
        raise
    with top:
        show_refusal()


def show_trouble(trouble: Trouble) -> None:
    """The sentence, and the way to the customer whom it speaks of."""
    st.error(formats.plain(trouble.sentence), icon=":material/error:")
    if trouble.customer_id:
        st.page_link(page_of("customer.py"), label="Open this customer", query_params={"id": trouble.customer_id})
