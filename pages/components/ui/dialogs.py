"""Dialogs that stay open until they are done: which one is open is remembered, so that a rerun does not lose it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Literal, TypeVar

import streamlit as st

from pages.components.ui.actions import Trouble, show_trouble
from pages.components.ui.forms import Form
from pages.components.ui.state import Slot

Subject = TypeVar("Subject")


class Dialog(Generic[Subject]):
    """A dialog about something, kept as it was when the dialog was opened: that is the version that a person saw.

    `body` draws the dialog; it calls `close` when it is done. A second click on its button finds it closed.
    """

    def __init__(
        self,
        name: str,
        title: str,
        body: Callable[[Subject], None],
        *,
        icon: str,
        width: Literal["small", "medium", "large"] = "small",
    ) -> None:
        self._slot: Slot[Subject] = Slot(f"dialog.{name}")
        self._body = body
        self._dialog = st.dialog(title, width=width, icon=icon, on_dismiss=self.close)

    def opener(self, label: str, subject: Subject, *, icon: str, primary: bool = False, key: str = "") -> None:
        """Renders the button that opens the dialog; `key` sets several on one page apart."""
        st.button(
            label,
            icon=icon,
            key=f"open_{self._slot.key}{key}",
            type="primary" if primary else "secondary",
            on_click=self.open,
            args=(subject,),
        )

    def open(self, subject: Subject) -> None:
        """Opens it about this subject, in the next run."""
        self._slot.set(subject)

    def show(self) -> None:
        """Renders the dialog if it is open."""
        if self._slot.get() is not None:
            self._dialog(self._draw)()

    def close(self) -> None:
        self._slot.clear()

    def finish(self, result: object, form: Form | None = None) -> None:
        """After an action of the dialog: closes it, and its form begins again. A refusal is said, and it stays open."""
        if not isinstance(result, Trouble):
            if form is not None:
                form.done()
            self.close()
            st.rerun()
        show_trouble(result)
        if result.stale:
            st.button("Reload", icon=":material/refresh:", key=f"reload_{self._slot.key}", on_click=self.close)

    def _draw(self) -> None:
        subject = self._slot.get()
        if subject is None:
            st.rerun()
        self._body(subject)
