"""One product: what was sold of it, who bought it, and what it is called and costs."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.products.catalogue import get_product
from pages.components.products import forms, view
from pages.components.ui import actions, empty
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_ORDERS)
shop = current_shop()

st.page_link(page_of("products.py"), label="All products", icon=":material/arrow_back:", help="")
try:
    product = get_product(shop, st.query_params.get("id", ""))
except (NotFoundError, InvalidInputError):
    empty.nothing(":material/inventory_2:", "This product does not exist", "Find it in the list of products.")
    st.stop()

look_again = actions.is_stale()
view.show_header(product)
if actor.may(Permission.EDIT_PRODUCTS):
    with st.container(horizontal=True, vertical_alignment="center"):
        if not look_again:
            forms.EDIT.opener("Edit", product, icon=":material/edit:")
        if product.archived:
            actions.button(
                "Restore", forms.restore, product, key="restore", icon=":material/unarchive:", disabled=look_again
            )
        elif not look_again:
            actions.button("Archive", forms.archive, product, key="archive", icon=":material/archive:")
view.show_figures(shop, product)
view.show_months(shop, product)

buyers, facts = st.columns([2, 1])
with buyers:
    st.header("Customers who bought it")
    if actor.may(Permission.VIEW_CUSTOMERS):
        view.show_buyers(shop, product)
with facts:
    st.header("Details")
    with st.container(border=True):
        view.show_facts(shop, product)
forms.EDIT.show()
