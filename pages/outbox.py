"""Outbox: the emails that this installation keeps instead of sending them, read as in a mail program."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components.messages import outbox
from pages.components.ui import empty
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop, settings

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

st.title("Outbox")
if settings().mail_transport != "local":
    empty.nothing(":material/outbox:", "No outbox in use", "Emails are sent for real. See the message log.")
    st.page_link(page_of("messages.py"), label="Message log", icon=":material/history:", help="")
    st.stop()

opened = outbox.open_wanted()
total, unread = outbox.outbox().counts()
if not total:
    empty.nothing(":material/outbox:", "The outbox is empty", "Sent emails appear here.")
    if actor.may(Permission.SEND_EMAIL):
        st.page_link(page_of("send.py"), label="Send an email", icon=":material/send:", help="")
    st.stop()

outbox.show_head(shop, actor, total, unread)
messages, reading = st.columns([2, 3])
with messages:
    outbox.show_list(shop)
with reading:
    outbox.show_message(shop, opened)
outbox.CLEAR.show()
