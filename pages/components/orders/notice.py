"""What an action on an order emails to the customer: said and shown before, and possible to do without."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.orders import Order
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.templates.previews import Recipient, render_preview
from backend.services.triggers.active import listening
from pages.components.automations.words import sentence
from pages.components.templates import email_frame
from pages.components.templates.email_frame import PHONE, Scheme
from pages.components.ui import formats
from pages.components.ui.forms import Form

_HEIGHT = 480


def choose(shop: Shop, form: Form, kind: TriggerKind, order: Order, after: Callable[[], Order | None]) -> bool:
    """Renders which emails go out, with a switch and a preview; returns whether they should.

    `after` makes the order as the action leaves it, for the preview; None while something is missing.
    """
    automations = listening(shop, kind)
    if not automations:
        st.caption(":material/mail_off: No automation listens to this, so the customer gets no email.")
        return True
    if not order.customer_email:
        st.caption(":material/mail_off: The customer has no email address, so no email goes out.")
        return True
    wanted = st.toggle("Email the customer", value=True, key=form.key("notify"), persist_state="session")
    if not wanted:
        st.caption("The history will say “without email”.")
        return False
    for automation in automations:
        text = formats.plain(f"“{automation.name}”: {sentence(shop, automation)}")
        st.caption(f":material/mail: {text}")
    if st.toggle("Show the email", key=form.key("preview")):
        _preview(shop, automations[0].steps[0].template, order, after())
    return True


def _preview(shop: Shop, template: str, order: Order, after: Order | None) -> None:
    if after is None:
        st.caption("The email is shown when nothing is missing any more.")
        return
    try:
        preview = render_preview(shop, template, recipient=Recipient(order.customer_id, order.id, {}, as_order=after))
    except BackendError as error:
        st.warning(formats.plain(error.sentence), icon=":material/warning:")
        return
    if preview.email is None:
        sentence = preview.problem.sentence if preview.problem else "This email cannot be rendered."
        st.warning(formats.plain(sentence), icon=":material/warning:")
        return
    st.markdown(f"**{formats.plain(preview.email.subject)}**")
    html, width = preview.email.html, PHONE
    email_frame.show_email(html, "Preview", width=width, height=_HEIGHT, scheme=Scheme.LIGHT, remote=False)
