"""Draft orders: what is written but not placed, by state."""

from __future__ import annotations

import streamlit as st

from backend.domain.draft_orders import DraftState
from backend.domain.team import Permission
from backend.services.draft_orders.lists import list_drafts
from pages.components.draft_orders.table import draft_table, state_label
from pages.components.ui import empty, filters, tables
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table

actor = require(Permission.VIEW_ORDERS)
shop = current_shop()

st.page_link(page_of("orders.py"), label="All orders", icon=":material/arrow_back:", help="")
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Draft orders", width="content")
    if actor.may(Permission.PLACE_ORDERS):
        st.page_link(page_of("place_order.py"), label="Write a draft", help="")
st.caption("A draft counts in no figure until it is completed.")
states = tuple(filters.pick_pills("State", list(DraftState), name="state", key="drafts_state", words=state_label))
pager = tables.Pager("drafts", states)
page = list_drafts(shop, states, limit=tables.ROWS, cursor=pager.cursor)
if page.drafts:
    show_table(draft_table(shop, page.drafts), "drafts")
elif states:
    empty.nothing(":material/search_off:", "No such draft", "Clear the filter to see the others.")
else:
    empty.nothing(
        ":material/edit_document:", "No drafts yet", "Enter an order under “Place an order”, and save it as a draft."
    )
pager.show(page.cursor)
