"""What became of an action on many rows: shown above the list until it is closed, with the way to undo it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.services.bulk import BulkResult, Refused
from backend.services.context import Shop
from backend.services.undo.undoing import undo_change
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_NAMED = 8
"""How many things are named before an action, and how many refusals after it."""


@dataclass(frozen=True, slots=True)
class _Done:
    sentence: str
    refused: tuple[Refused, ...]
    change: str
    undone: bool = False


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
    _slot(of).set(_Done(text, result.refused, result.change))
    return None


def show_result(of: str, permission: Permission) -> None:
    """Renders what became of the last action on this list, if it was not closed."""
    done = _slot(of).get()
    if done is None:
        return
    with st.container(border=True):
        st.markdown(f":material/check_circle: {formats.plain(done.sentence)}")
        if done.refused:
            say_refused("Not undone" if done.undone else "Refused", done.refused)
        with st.container(horizontal=True, vertical_alignment="center"):
            if done.change and not done.undone:
                actions.button("Undo", _undo, of, permission, done, key=f"undo_{of}", icon=":material/undo:")
            if done.change:
                st.page_link(
                    page_of("change.py"),
                    label="Show change",
                    icon=":material/difference:",
                    help="",
                    query_params={"id": done.change},
                )
            st.button("Close", key=f"close_{of}", type="tertiary", on_click=_slot(of).clear)


def _undo(of: str, permission: Permission, done: _Done) -> None:
    shop = current_shop()

    def undo(actor: Actor) -> None:
        found = undo_change(shop, actor, done.change)
        sentence = f"{formats.counted(shop, found.taken_back + found.before, 'item')} undone."
        _slot(of).set(_Done(sentence, found.left, done.change, undone=True))

    actions.act(permission, undo, "")


def say_refused(what: str, refused: Sequence[Refused]) -> None:
    """Names what stayed as it was, with the reasons."""
    reasons = "\n".join(f"- **{formats.plain(r.name)}**: {formats.plain(r.why)}" for r in refused[:_NAMED])
    more = len(refused) - _NAMED
    st.warning(f"{what}:\n\n{reasons}" + (f"\n- and {more} more" if more > 0 else ""), icon=":material/block:")


def say_which(names: Sequence[str]) -> None:
    """Names what an action is about to change."""
    shown = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    st.markdown(formats.plain(shown + more))
