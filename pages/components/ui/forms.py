"""A form whose fields keep what was typed until it is saved, also while other pages are looked at.

Its fields are ordinary ones with `persist_state="session"` and a key of the form. Those of an `st.form` are sent only
when it is submitted, so a link, the menu or a click beside a dialog would lose them. Passwords are never kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.ui import actions, keystrokes
from pages.components.ui.state import Slot, forget_fields

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class Form:
    """`name` is its own, of letters and `_`; `subject` says what the form is about, in the version that was seen."""

    name: str
    subject: str = ""

    def key(self, field: str) -> str:
        """The key of a field: another one after the form was saved or discarded, so that it begins again."""
        return f"{self._prefix}{self._times.get() or 0}_{field}"

    def area(self) -> DeltaGenerator:
        """The container for the fields and the button: Enter in a field presses the button."""
        return keystrokes.area(self.button)

    def pressed(
        self, label: str, *, missing: str = "", icon: str | None = None, stretch: bool = True, changed: bool = False
    ) -> bool:
        """The main button, as `actions.pressed`. When something is `changed`, there is a way to discard it."""
        now = actions.pressed(label, key=self.button, missing=missing, icon=icon, stretch=stretch)
        if changed:
            width: Literal["stretch", "content"] = "stretch" if stretch else "content"
            st.button("Discard changes", key=f"{self.name}_discard", type="tertiary", width=width, on_click=self.done)
        return now

    def done(self) -> None:
        """It was saved, or what was typed is not wanted: the next time its fields are as they begin."""
        self._times.set((self._times.get() or 0) + 1)
        forget_fields(self._prefix)

    def begin(self, values: Mapping[str, object]) -> None:
        """For `on_click`: these fields begin with other values than those that are stored."""
        for field, value in values.items():
            st.session_state[self.key(field)] = value

    @property
    def button(self) -> str:
        """The key of the main button."""
        return f"{self.name}_now"

    @property
    def _prefix(self) -> str:
        return f"{self.name}_{self.subject}_"

    @property
    def _times(self) -> Slot[int]:
        return Slot(f"form.{self.name}.{self.subject}")


def changed(seen: DataclassInstance, typed: DataclassInstance) -> dict[str, object]:
    """The fields in which two values of one class differ, as `typed` has them."""
    both = ((field.name, getattr(seen, field.name), getattr(typed, field.name)) for field in fields(seen))
    return {name: after for name, before, after in both if before != after}


def show_overtaken(keep: Callable[[], None], discard: Callable[[], None], *, whole: bool = False) -> None:
    """What can be done when somebody else was faster: below the sentence that says so, with all that was typed.

    `whole` says that what is kept replaces all of theirs, and not only the fields that were changed here.
    """
    label, help_text = "Keep my changes", "Loads the newest version and puts what you changed on top. Then save again."
    if whole:
        label, help_text = "Keep mine", "Saving then replaces their version with yours."
    with st.container(horizontal=True):
        st.button(label, icon=":material/edit:", key="overtaken_keep", help=help_text, on_click=keep)
        st.button("Reload and discard mine", icon=":material/refresh:", key="overtaken_discard", on_click=discard)
