"""Message log: what was sent to whom, and first of all what a person has to look at."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError
from backend.services.sending.message_log import list_messages
from pages.components.messages import log, repair, table
from pages.components.ui import empty, tables
from pages.components.ui.columns import pick_columns
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Message log", width="content")
    if actor.may(Permission.SEND_EMAIL):
        st.page_link(page_of("send.py"), label="Send an email", help="")

log.find_by_id(shop)
customer = log.chosen_customer(shop)
if customer is not None:
    log.show_of_customer(shop, actor, customer)
    st.stop()
log.show_problems(shop, actor)
repair.show_dialogs()

st.header("All messages")
columns = pick_columns(table.MESSAGE_COLUMNS, "messages")
wanted = log.pick_filter(shop, actor)
pager = tables.Pager("messages", wanted, sized=True)
try:
    page = list_messages(shop, wanted, limit=pager.rows, cursor=pager.cursor)
except InvalidInputError as error:
    empty.nothing(":material/date_range:", "This period cannot be listed", error.sentence)
    st.stop()
if page.messages:
    show_table(table.message_table(shop, page.messages, columns), "messages")
else:
    empty.nothing(
        ":material/mail:", "No messages in this period", "Choose more days, clear the filters, or send an email."
    )
if page.note:
    st.caption(page.note)
pager.show(page.cursor)
