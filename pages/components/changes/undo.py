"""Undoing a change: what will be taken back and what will stay, and then what was."""

from __future__ import annotations

import streamlit as st

from backend.domain.changes import Change, ChangeState
from backend.domain.team import Actor, Permission
from backend.errors import BackendError
from backend.services.undo.undoing import Undo, preview_undo, undo_change
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.bulk import say_refused
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop
from pages.components.ui.state import NOTICE


def offer(change: Change) -> None:
    """Renders the button that opens the dialog, unless all of the change was taken back."""
    if change.state is not ChangeState.UNDONE:
        again = change.state is ChangeState.UNDOING
        DIALOG.opener("Finish undo" if again else "Undo", change, icon=":material/undo:", primary=True)
    elif change.taken_back < change.count:
        DIALOG.opener("Try again", change, icon=":material/undo:")


def _undo(change: Change) -> None:
    shop, actor = current_shop(), require(change.needs)
    try:
        preview = preview_undo(shop, actor, change.id)
    except BackendError as error:
        st.error(formats.plain(error.sentence), icon=":material/error:")
        return
    if preview.taken_back:
        st.markdown(f"{formats.counted(shop, preview.taken_back, 'item')} will be as before.")
    if preview.left:
        say_refused(f"{formats.counted(shop, len(preview.left), 'item')} will stay as now", preview.left)
    if change.needs is Permission.CHANGE_ORDERS:
        st.caption("Emails already sent and refunds already made stay. Nobody is emailed.")
    if not preview.taken_back:
        st.info("There is nothing left to undo.")
        return
    form = Form("undo_change", change.id)
    if form.pressed(f"Undo {formats.counted(shop, preview.taken_back, 'item')}", icon=":material/undo:"):
        DIALOG.finish(_undone(change), form)


def _undone(change: Change) -> Undo | Trouble:
    shop = current_shop()

    def undo(actor: Actor) -> Undo:
        return undo_change(shop, actor, change.id)

    found = actions.attempt(change.needs, undo, "")
    if isinstance(found, Undo):
        left = f" {formats.counted(shop, len(found.left), 'item')} left as now." if found.left else ""
        NOTICE.set(f"{formats.counted(shop, found.taken_back, 'item')} undone.{left}")
    return found


DIALOG: Dialog[Change] = Dialog("undo_change", "Undo this change?", _undo, icon=":material/undo:", width="medium")
