"""Place an order by hand: customer, line items and total. Pressed twice, it is placed once."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.customers.customers import get_customer
from pages.components.orders import place_order_form
from pages.components.ui import empty
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

actor = require(Permission.PLACE_ORDERS)
shop = current_shop()

st.title("Place an order")
place_order_form.open_saved()
if place_order_form.show_placed(shop):
    st.stop()

customer_id = st.query_params.get("customer", "")
if not customer_id:
    place_order_form.choose_customer(actor, shop)
    st.stop()
try:
    customer = get_customer(shop, customer_id)
except (NotFoundError, InvalidInputError):
    empty.nothing(":material/person_off:", "This customer does not exist", "Choose another one.")
    place_order_form.choose_customer(actor, shop)
    st.stop()

place_order_form.show_customer(customer)
place_order_form.show(shop, customer)
