"""One order: its line items, totals and history, and the actions on it."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.orders.orders import get_order
from pages.components.messages import timeline
from pages.components.orders import addresses, forms, fulfil, payment, returns, view
from pages.components.ui import actions, empty
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_ORDERS)
shop = current_shop()

st.page_link(page_of("orders.py"), label="All orders", icon=":material/arrow_back:", help="")
try:
    order = get_order(shop, st.query_params.get("customer", ""), st.query_params.get("id", ""))
except (NotFoundError, InvalidInputError):
    empty.nothing(
        ":material/receipt_long:",
        "This order does not exist",
        "It may have been deleted. Find it in the list of orders.",
    )
    st.stop()

view.show_header(shop, order)
stale = actions.is_stale()
if stale:
    actions.show_refusal()
else:
    forms.show_actions(actor, order)
if actor.may(Permission.SEND_EMAIL):
    st.page_link(
        page_of("send.py"),
        label="Send an email",
        icon=":material/send:",
        help="",
        query_params={"customer": order.customer_id, "order": order.id},
    )

items, amounts = st.columns([3, 2])
with items:
    st.header("Line items")
    view.show_lines(shop, order)
with amounts:
    st.header("Amounts")
    view.show_amounts(shop, order)
    payment.show_payments(shop, order)
if order.fulfilments:
    st.header("Parcels")
    fulfil.show_parcels(shop, actor, order, enabled=not stale)
returns.show_returns(shop, actor, order, enabled=not stale)
addresses.show(shop, actor, order, enabled=not stale)
if order.note:
    st.header("Note")
    st.text(order.note)
st.header("Emails about this order")
timeline.show_messages_about(shop, order)
st.header("History")
view.show_history(shop, order)
forms.show_dialogs()
