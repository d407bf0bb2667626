"""What people do about failed and unknown messages: one by one on the message's page, many at once on the log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from backend.domain.messages import Message, MessageStatus
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.sending import repair
from backend.services.sending.repair import Repaired
from pages.components.ui import actions, caching, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop
from pages.components.ui.state import NOTICE

WHY_AGAIN = (
    "The provider has reported nothing about them for a day, although it reported others of that time. So in all "
    "likelihood they were never taken. If one was, its recipient gets it twice."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ids of messages as they were shown when the dialog was opened."""

    ids: tuple[str, ...]


def show_many(actor: Actor, shop: Shop, messages: list[Message]) -> None:
    """The buttons for all unknown or all failed messages that are shown."""
    if not messages or not actor.may(Permission.REPAIR_MAIL):
        return
    ids, status = tuple(message.id for message in messages), messages[0].status
    silent = caching.silent_messages(shop, ids) if status is MessageStatus.UNKNOWN else []
    with st.container(horizontal=True):
        number = formats.count(shop, len(messages))
        _HANDLE[status].opener(f"Mark {number} as handled", Chosen(ids), icon=":material/done_all:")
        if silent and actor.may(Permission.SEND_EMAIL):
            label = f"Send {formats.count(shop, len(silent))} again"
            _AGAIN.opener(label, Chosen(tuple(silent)), icon=":material/replay:")


def show_one(actor: Actor, message: Message) -> None:
    """The button for one message, while it needs somebody."""
    if repair.needs_attention(message) and actor.may(Permission.REPAIR_MAIL):
        _HANDLE[message.status.value].opener("Mark as handled", Chosen((message.id,)), icon=":material/done:")


def show_dialogs() -> None:
    """Renders the dialog that is open, if any."""
    for dialog in (*_HANDLE.values(), _AGAIN):
        dialog.show()


def _handle(chosen: Chosen) -> None:
    number = formats.counted(current_shop(), len(chosen.ids), "message")
    st.markdown(
        f"**{formats.plain(number)}** will be removed from this list. The status stays, and the message shows who "
        "handled it and why."
    )
    form = _form("handle_messages", chosen)
    with form.area():
        note = _reason(form, "What was done", "For example: it did arrive")
        now = _confirmed(form, chosen, "Mark as handled")
    if now:
        _act(form, Permission.REPAIR_MAIL, lambda actor: repair.mark_handled(current_shop(), actor, chosen.ids, note))


def _send_again(chosen: Chosen) -> None:
    number = formats.counted(current_shop(), len(chosen.ids), "email")
    st.warning(f"**{formats.plain(number)}** will be sent again. {WHY_AGAIN}", icon=":material/replay:")
    form = _form("send_messages_again", chosen)
    with form.area():
        why = _reason(form, "Reason", "For example: never reported")
        now = _confirmed(form, chosen, "Send again")
    if now:
        _act(form, Permission.SEND_EMAIL, lambda actor: repair.send_again(current_shop(), actor, chosen.ids, why))


def _form(name: str, chosen: Chosen) -> Form:
    return Form(name, hashlib.sha256(" ".join(chosen.ids).encode()).hexdigest()[:12])


def _reason(form: Form, label: str, example: str) -> str:
    return st.text_input(
        label, max_chars=repair.NOTE_LENGTH, placeholder=example, key=form.key("reason"), persist_state="session"
    )


def _confirmed(form: Form, chosen: Chosen, label: str) -> bool:
    """Whether the button was pressed, with the number of messages typed if there are several."""
    number = str(len(chosen.ids))
    ask = f"Type {number} to confirm"
    typed = st.text_input(ask, max_chars=10, key=form.key("number")) if len(chosen.ids) > 1 else number
    return form.pressed(label, missing="" if typed.strip() == number else f"{ask}.")


def _act(form: Form, permission: Permission, action: Callable[[Actor], Repaired]) -> None:
    done = actions.attempt(permission, action, "")
    if isinstance(done, Trouble):
        actions.show_trouble(done)
        return
    form.done()
    NOTICE.set(_told(done))
    for dialog in (*_HANDLE.values(), _AGAIN):
        dialog.close()
    st.rerun()


def _told(repaired: Repaired) -> str:
    done = formats.counted(current_shop(), repaired.done, "message")
    left = f"; {formats.count(current_shop(), repaired.left)} no longer needed it" if repaired.left else ""
    return f"Done for {done}{left}."


_HANDLE = {
    status: Dialog[Chosen](f"handle_{status}", "Mark as handled?", _handle, icon=":material/done:")
    for status in ("unknown", "failed")
}
_AGAIN = Dialog[Chosen]("send_unknown_again", "Send again?", _send_again, icon=":material/replay:")
