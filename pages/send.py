"""Send one email to one customer: see exactly what they get, and send it once."""

from __future__ import annotations

import streamlit as st

from backend.domain.emails import Need
from backend.domain.team import Permission
from backend.errors import BackendError
from backend.services.customers.customers import get_customer
from backend.services.sending.by_hand import send_check_of
from backend.services.templates.previews import Recipient
from pages.components.automations import list
from pages.components.sending import form, invitation, progress
from pages.components.ui import empty
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop, mailer

actor = require(Permission.SEND_EMAIL)
shop = current_shop()

st.title("Send an email")
if progress.show_sent(shop):
    st.stop()

template = form.choose_template(shop, actor)
if template is not None and Need.MEMBER in template.needs:
    invitation.show(shop, actor, template)
    st.stop()
customer_id = st.query_params.get("customer", "")
if not customer_id:
    form.choose_customer(shop)
try:
    customer = get_customer(shop, customer_id) if customer_id else None
except BackendError:
    empty.nothing(":material/person_off:", "This customer does not exist", "Search for the customer again.")
    st.button("Choose another customer", on_click=form.forget_customer)
    st.stop()
if customer is not None:
    form.show_customer(customer)
if template is None or customer is None:
    st.stop()

order_id = ""
if Need.ORDER in template.needs:
    order_id = form.choose_order(shop, customer)
    if not order_id:
        st.stop()
list.hint(shop, template.name)
fields = form.enter_fields(template)
check = send_check_of(shop, mailer(), customer, template, order_id)
again = form.show_send_check(shop, customer, check)
sendable = progress.show_preview(shop, template, Recipient(customer.id, order_id, fields))
form.send_button(
    template,
    customer,
    order_id,
    fields,
    again,
    refused=bool(check.against),
    complete=sendable,
    repeated=check.last is not None,
)
