"""One customer: who they are, what they bought, whether they may be emailed, and what the team noted."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.customers.customers import get_customer
from backend.services.orders.lists import orders_of
from pages.components.customers import addresses, can_we_email, forms, view
from pages.components.customers.merge import MERGE
from pages.components.messages import timeline
from pages.components.orders.table import OF_ONE_CUSTOMER, order_table
from pages.components.products import view as products
from pages.components.ui import actions, empty, tables
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table

actor = require(Permission.VIEW_CUSTOMERS)
shop = current_shop()

st.page_link(page_of("customers.py"), label="All customers", icon=":material/arrow_back:", help="")
try:
    customer = get_customer(shop, st.query_params.get("id", ""))
except (NotFoundError, InvalidInputError):
    empty.nothing(
        ":material/person_off:",
        "This customer does not exist",
        "It may have been deleted. Find it in the list of customers.",
    )
    st.stop()

look_again = actions.is_stale()
editable = actor.may(Permission.EDIT_CUSTOMERS) and not customer.erased_at
view.show_header(customer)
forms.show_actions(shop, actor, customer, editable=editable, stale=look_again)
view.show_figures(shop, customer)
view.show_months(shop, customer)

orders, profile = st.columns([2, 1])
with orders:
    st.header("Orders")
    pager = tables.Pager("customer", customer.id)
    page = orders_of(shop, customer.id, limit=10, cursor=pager.cursor)
    if page.orders:
        show_table(order_table(shop, page.orders, OF_ONE_CUSTOMER), "orders")
    else:
        empty.nothing(":material/receipt_long:", "No orders yet", "Orders appear here once there is one.")
    pager.show(page.cursor)
    st.header("What they bought")
    products.show_bought(shop, customer.id)
with profile:
    st.header("Profile")
    with st.container(border=True):
        view.show_profile(shop, customer)
        forms.show_consent(shop, customer, editable=editable, enabled=not look_again)
    st.header("Addresses")
    with st.container(border=True):
        addresses.show(shop, customer, editable=editable and not look_again)
    st.header("Can we email this customer?")
    with st.container(border=True):
        can_we_email.show_answers(shop, customer)

st.header("Timeline")
if editable and not look_again:
    forms.note_form(customer)
timeline.show_timeline(shop, customer.id)
forms.EDIT.show()
forms.ARCHIVE.show()
forms.ERASE.show()
MERGE.show()
addresses.show_dialogs()
