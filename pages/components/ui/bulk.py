"""What became of an action on many rows: shown above the list until it is closed, with the way to undo it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.services.bulk import BulkResult, Refused
from backend.services.context import Shop
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.state import Slot

_NAMED = 8
"""How many things are named before an action, and how many refusals after it."""
Undo = Callable[[Actor, tuple[str, ...]], BulkResult]


@dataclass(frozen=True, slots=True)
class _Done:
    sentence: str
    changed: tuple[str, ...]
    refused: tuple[Refused, ...]
    undo: Undo | None


def _slot(of: str) -> Slot[_Done]:
    return Slot(f"bulk.{of}")


def attempt(
    shop: Shop,
    of: str,
    permission: Permission,
    action: Callable[[Actor], BulkResult],
    sentence: str,
    *,
    one: str,
    undo: Undo | None = None,
) -> Trouble | None:
    """Acts, and remembers the result for the list with this name. `sentence` has a place for what was changed.

    `one` is what one of the things is called.
    """
    result = actions.attempt(permission, action, "")
    if isinstance(result, Trouble):
        return result
    text = sentence.format(formats.counted(shop, len(result.changed), one))
    if result.unchanged:
        text += f" {formats.counted(shop, result.unchanged, one)} needed no change."
    _slot(of).set(_Done(text, result.changed, result.refused, undo if result.changed else None))
    return None


def show_result(of: str, permission: Permission) -> None:
    """Renders what became of the last action on this list, if it was not closed."""
    done = _slot(of).get()
    if done is None:
        return
    with st.container(border=True):
        st.markdown(f":material/check_circle: {formats.plain(done.sentence)}")
        if done.refused:
            reasons = "\n".join(f"- **{formats.plain(r.name)}**: {formats.plain(r.why)}" for r in done.refused[:_NAMED])
            more = len(done.refused) - _NAMED
            st.warning(f"Refused:\n\n{reasons}" + (f"\n- and {more} more" if more > 0 else ""), icon=":material/block:")
        with st.container(horizontal=True):
            if done.undo is not None:
                actions.button("Undo", _undo, of, permission, key=f"undo_{of}", icon=":material/undo:")
            st.button("Close", key=f"close_{of}", type="tertiary", on_click=_slot(of).clear)


def _undo(of: str, permission: Permission) -> None:
    done = _slot(of).get()
    if done is None or done.undo is None:
        return
    undo, ids = done.undo, done.changed
    actions.act(permission, lambda actor: undo(actor, ids), "Undone.")
    _slot(of).clear()


def say_which(names: Sequence[str]) -> None:
    """Names what an action is about to change."""
    shown = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    st.markdown(formats.plain(shown + more))
