"""One customer: who they are, what they bought, whether they may be emailed, and what the team noted."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.customer_data.export import NEEDED
from backend.services.customers.customers import get_customer
from backend.services.orders.lists import orders_of
from pages.components.customers import addresses, can_we_email, forms, view
from pages.components.messages import timeline
from pages.components.orders.table import order_table
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
with st.container(horizontal=True, vertical_alignment="center"):
    if actor.may(Permission.PLACE_ORDERS) and not customer.archived:
        st.page_link(
            page_of("place_order.py"),
            label="Place an order",
            icon=":material/add_shopping_cart:",
            help="",
            query_params={"customer": customer.id},
        )
    if actor.may(Permission.SEND_EMAIL) and not customer.archived:
        st.page_link(
            page_of("send.py"),
            label="Send an email",
            icon=":material/send:",
            help="",
            query_params={"customer": customer.id},
        )
    if editable and not look_again:
        forms.EDIT.opener("Edit", customer, icon=":material/edit:")
    if editable and customer.archived:
        actions.button(
            "Restore", forms.restore, customer, key="restore", icon=":material/unarchive:", disabled=look_again
        )
    elif editable and not look_again:
        forms.ARCHIVE.opener("Archive", customer, icon=":material/archive:")
    if actor.may(Permission.ERASE_CUSTOMERS) and not customer.erased_at and not look_again:
        forms.ERASE.opener("Erase", customer, icon=":material/delete_forever:")
    if all(map(actor.may, NEEDED)):
        view.offer_data(shop, actor, customer)
view.show_figures(shop, customer)
view.show_months(shop, customer)

orders, profile = st.columns([2, 1])
with orders:
    st.header("Orders")
    pager = tables.Pager("customer", customer.id)
    page = orders_of(shop, customer.id, limit=10, cursor=pager.cursor)
    if page.orders:
        show_table(order_table(shop, page.orders, of_one_customer=True), "orders")
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
addresses.show_dialogs()
