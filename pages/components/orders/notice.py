"""What an action on an order emails to the customer: said and shown before, and possible to do without."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.orders import Order, OrderStatus
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
    said = [f"“{each.name}”: {sentence(shop, each)}" for each in automations]
    return ask(form, said, lambda: _preview(shop, automations[0].steps[0].template, order, after()))


def say_placing(shop: Shop, order: Order, status: OrderStatus) -> None:
    """Which emails start when an order is placed with this status; they are not asked about."""
    kinds = (TriggerKind.ORDER_PLACED, *((TriggerKind.ORDER_PAID,) if status is OrderStatus.PAID else ()))
    for each in (each for kind in kinds for each in listening(shop, kind) if order.customer_email):
        text = formats.plain(f"“{each.name}”: {sentence(shop, each)}")
        st.caption(f":material/mail: {text}")


def ask(form: Form, said: Sequence[str], preview: Callable[[], None]) -> bool:
    """Renders a switch for the emails that are `said`, and one that shows the first; returns whether they go out."""
    if not st.toggle("Email the customer", value=True, key=form.key("notify"), persist_state="session"):
        st.caption("The history will say “without email”.")
        return False
    for text in said:
        st.caption(f":material/mail: {formats.plain(text)}")
    if st.toggle("Show the email", key=form.key("preview")):
        preview()
    return True


def _preview(shop: Shop, template: str, order: Order, after: Order | None) -> None:
    if after is None:
        st.caption("The email is shown when nothing is missing any more.")
        return
    show_preview(shop, template, Recipient(order.customer_id, order.id, {}, as_order=after))


def show_preview(shop: Shop, template: str, recipient: Recipient) -> None:
    """The email as this customer would get it, or what is wrong with it."""
    try:
        preview = render_preview(shop, template, recipient=recipient)
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
