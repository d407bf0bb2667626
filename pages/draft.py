"""One draft order: what it would be as an order, its link to pay, and the actions on it."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.draft_orders.drafts import get_draft
from pages.components.draft_orders import actions as draft_actions
from pages.components.draft_orders.view import show_header, show_payment_link
from pages.components.messages import timeline
from pages.components.orders import view
from pages.components.ui import actions, empty
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_ORDERS)
shop = current_shop()

st.page_link(page_of("drafts.py"), label="All draft orders", icon=":material/arrow_back:", help="")
try:
    draft = get_draft(shop, st.query_params.get("customer", ""), st.query_params.get("id", ""))
except (NotFoundError, InvalidInputError):
    empty.nothing(":material/edit_document:", "This draft does not exist", "Find it in the list of draft orders.")
    st.stop()

show_header(shop, draft)
if actions.is_stale():
    actions.show_refusal()
else:
    draft_actions.show_actions(actor, draft)
items, amounts = st.columns([3, 2])
with items:
    st.header("Line items")
    view.show_lines(shop, draft.order)
with amounts:
    st.header("Amounts")
    view.show_amounts(shop, draft.order)
show_payment_link(shop, actor, draft)
if draft.order.note:
    st.header("Note")
    st.text(draft.order.note)
st.header("Emails about this draft")
timeline.show_messages_about(shop, draft.order)
st.header("History")
view.show_history(shop, draft.order)
draft_actions.show_dialogs()
