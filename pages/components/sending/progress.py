"""The preview before an email is requested, and the progress of its message afterwards."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from backend.domain.emails import TemplateFacts
from backend.domain.messages import Message, MessageStatus
from backend.domain.team import Permission
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.sending.ledger import get_message
from backend.services.templates.checklist import Level
from backend.services.templates.previews import Recipient, render_preview
from pages.components.messages import table, view
from pages.components.sending.form import PRESSED_TWICE
from pages.components.ui import formats
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

_POLL_SECONDS = 1.0
_SOON = timedelta(minutes=1)
_MOVING = (MessageStatus.WAITING,)


def show_preview(shop: Shop, template: TemplateFacts, recipient: Recipient) -> bool:
    """Renders exactly what the recipient will get. False when it cannot be sent as it is."""
    preview = render_preview(shop, template.name, recipient=recipient)
    st.header("Email preview")
    if preview.email is None:
        sentence = preview.problem.sentence if preview.problem else "This email cannot be rendered."
        st.error(formats.plain(sentence), icon=":material/error:")
        return False
    problems = [check.sentence for check in preview.checks if check.level is Level.PROBLEM]
    for sentence in problems:
        st.error(formats.plain(sentence), icon=":material/error:")
    with st.container(border=True):
        st.markdown(f"**{formats.plain(preview.email.subject)}**  \n:gray[{formats.plain(preview.email.preheader)}]")
        view.show_html(preview.email.html, "Email preview", key="send_preview")
    return not problems


def show_sent(shop: Shop) -> bool:
    """The outcome of the message that the address names, if one has just been requested."""
    message_id = st.query_params.get("sent", "")
    try:
        message = get_message(shop, message_id) if message_id else None
    except BackendError:
        message = None
    if message is None:
        return False
    st.markdown(_what(shop, message))
    if PRESSED_TWICE.get() == message.id:
        st.info("The button was clicked twice; the email is sent once.", icon=":material/info:")
    if _is_moving(shop, message):
        _watch(message.id)
    else:
        view.show_state(shop, message)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            page_of("message.py"),
            label="Open this message",
            icon=":material/mail:",
            query_params={"id": message.id},
            help="",
        )
        st.button("Send another email", icon=":material/send:", on_click=st.query_params.clear)
    return True


def _is_moving(shop: Shop, message: Message) -> bool:
    """Whether something will happen within a minute; what waits for hours need not be looked at each second."""
    return message.status in _MOVING and message.due_at <= shop.clock() + _SOON


def _what(shop: Shop, message: Message) -> str:
    title = formats.plain(table.title_of(shop, message.template))
    return f"**{title}** to {formats.customer(message.name)}"


@guarded_fragment(Permission.SEND_EMAIL, run_every=_POLL_SECONDS)
def _watch(message_id: str) -> None:
    """Looks again each second until the message is settled."""
    shop = current_shop()
    message = get_message(shop, message_id)
    if not _is_moving(shop, message):
        st.rerun()
    view.show_state(shop, message)
