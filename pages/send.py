"""Send one email to one customer: see exactly what they get, and send it once."""

from __future__ import annotations

import streamlit as st

from backend.domain.emails import Need
from backend.domain.team import Permission
from backend.errors import BackendError
from backend.services.customers import get_customer
from backend.services.previews import Recipient
from backend.services.send_overview import prospect_of
from pages.components import automation_hint, empty, send_form, send_invitation, send_progress
from pages.components.guard import require
from pages.components.shell import mailer, shop

actor = require(Permission.SEND_EMAIL)
here = shop()

st.title("Send an email")
if send_progress.show_sent(here):
    st.stop()

template = send_form.choose_template(here, actor)
if template is not None and Need.MEMBER in template.needs:
    send_invitation.show(here, actor, template)
    st.stop()
customer_id = st.query_params.get("customer", "")
if not customer_id:
    send_form.choose_customer(here)
try:
    customer = get_customer(here, customer_id) if customer_id else None
except BackendError:
    empty.nothing(":material/person_off:", "This customer does not exist", "Search for the customer again.")
    st.button("Choose another customer", on_click=send_form.forget_customer)
    st.stop()
if customer is not None:
    send_form.show_customer(customer)
if template is None or customer is None:
    st.stop()

order_id = ""
if Need.ORDER in template.needs:
    order_id = send_form.choose_order(here, customer)
    if not order_id:
        st.stop()
automation_hint.show(here, template.name)
fields = send_form.enter_fields(template)
prospect = prospect_of(here, mailer(), customer, template, order_id)
again = send_form.show_prospect(here, customer, prospect)
sendable = send_progress.show_preview(here, template, Recipient(customer.id, order_id, fields))
send_form.send_button(
    template,
    customer,
    order_id,
    fields,
    again,
    refused=bool(prospect.against),
    complete=sendable,
    repeated=prospect.last is not None,
)
