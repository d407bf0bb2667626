"""One message: its status, what happened to it, and the exact email."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.sending.ledger import get_message
from pages.components.messages import repair, view
from pages.components.ui import empty
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

st.page_link(page_of("messages.py"), label="Message log", icon=":material/arrow_back:", help="")
try:
    message = get_message(shop, st.query_params.get("id", ""))
except (NotFoundError, InvalidInputError):
    empty.nothing(":material/mail:", "This message does not exist", "Find it in the message log.")
    st.stop()

view.show_header(shop, message)
view.show_state(shop, message)
with st.container(horizontal=True, vertical_alignment="center"):
    repair.show_one(actor, message)
    view.show_resend(actor, message)
repair.show_dialogs()
email, history = st.columns([2, 1])
with email:
    view.show_email(shop, message)
with history:
    st.header("History")
    view.show_timeline(shop, message)
    view.show_events(shop, message)
