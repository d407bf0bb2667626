"""Sending a preview to oneself: one test for each press of the button, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import streamlit as st

from backend.domain.messages import Message, MessageStatus
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.context import Shop
from backend.services.sending import ledger
from backend.services.sending.requests import new_click_key, request_test
from backend.services.team.members import find_member
from backend.services.templates.previews import Preview
from pages.components.ui import actions, formats
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.shell import current_shop, mailer
from pages.components.ui.state import Slot

_PATIENCE = timedelta(seconds=20)
_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Sent:
    """The last test that this person asked for here."""

    template: str
    message_id: str


_KEY: Slot[str] = Slot("test_key")
_SENT: Slot[_Sent] = Slot("test_sent")


def show(shop: Shop, actor: Actor, preview: Preview) -> None:
    """The button and, after a press, the outcome. It is drawn for those who may send."""
    if not actor.may(Permission.SEND_EMAIL):
        return
    member = find_member(shop, actor.username)
    address = member.email if member else ""
    actions.button(
        "Send me a test",
        _send,
        preview,
        _KEY.once(new_click_key),
        key="send_test",
        icon=":material/forward_to_inbox:",
        help="Sent to your own address, marked as a test." if address else "Your account has no email address.",
    )
    sent = _SENT.get()
    if sent is not None and sent.template == preview.version.facts.name:
        _show_outcome(shop, sent.message_id)


def _send(preview: Preview, key: str) -> None:
    def send(actor: Actor) -> None:
        member = find_member(current_shop(), actor.username)
        if member is None:
            raise NotFoundError("Your account no longer exists.")
        if preview.email is None or not member.email:
            raise InvalidInputError(
                "Correct the email first: it cannot be rendered."
                if member.email
                else "Your account has no email address."
            )
        requested = request_test(current_shop(), mailer(), actor, member, preview.version, preview.data, key)
        _SENT.set(_Sent(preview.version.facts.name, requested.message.id))
        _KEY.clear()

    actions.act(Permission.SEND_EMAIL, send, "")


def _show_outcome(shop: Shop, message_id: str) -> None:
    message = ledger.get_message(shop, message_id)
    if _is_settled(message):
        _tell(message)
    else:
        _watch(message_id)


@guarded_fragment(Permission.SEND_EMAIL, run_every=_SECONDS)
def _watch(message_id: str) -> None:
    """Looks again until the test is settled; then the whole page is drawn, without looking any further."""
    message = ledger.get_message(current_shop(), message_id)
    if _is_settled(message):
        st.rerun()
    _tell(message)


def _is_settled(message: Message) -> bool:
    return message.status is not MessageStatus.WAITING


def _tell(message: Message) -> None:
    to, reason = formats.plain(message.to), formats.plain(message.reason)
    if message.status is MessageStatus.SENT and message.sent_at is not None:
        when = formats.plain(formats.moment(current_shop(), message.sent_at))
        st.success(f"Test sent to {to}, {when}.", icon=":material/check_circle:")
    elif message.status is MessageStatus.UNKNOWN:
        st.warning(f"We don't know whether the test was sent. {reason}", icon=":material/help:")
    elif _is_settled(message):
        st.error(f"The test was not sent. {reason}", icon=":material/error:")
    elif current_shop().clock() - message.requested_at > _PATIENCE:
        st.info("The test is still waiting. It is sent as soon as a worker runs.", icon=":material/schedule:")
    else:
        st.info("Sending the test…", icon=":material/schedule_send:")
