"""What can be done with a draft order: send its link, edit it, complete it, cancel it."""

from __future__ import annotations

import streamlit as st

from backend.domain.draft_orders import WAITING, DraftOrder
from backend.domain.orders import Order, OrderStatus
from backend.domain.team import Actor, Permission
from backend.services.draft_orders import drafts
from backend.services.draft_orders.payment_link import TEMPLATE, UNSET, send_link
from backend.services.draft_orders.settings import draft_settings
from backend.services.orders.changes import OrderRef
from backend.services.sending.requests import new_click_key
from backend.services.templates.previews import Recipient
from pages.components.orders import notice
from pages.components.orders.edit import Editor
from pages.components.ui import actions, formats
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop, mailer
from pages.components.ui.state import Slot

_KEY: Slot[str] = Slot("draft.link_key")


def show_actions(actor: Actor, draft: DraftOrder) -> None:
    """The buttons for a draft that waits."""
    if draft.state not in WAITING or not actor.may(Permission.PLACE_ORDERS):
        return
    with st.container(horizontal=True):
        LINK.opener("Send link to pay", draft, icon=":material/link:", primary=True)
        COMPLETE.opener("Complete", draft, icon=":material/check:")
        EDIT.opener("Edit", draft.order, icon=":material/edit:")
        actions.button("Cancel draft", _cancel, draft.order, key="cancel_draft", icon=":material/cancel:")


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (LINK, COMPLETE):
        dialog.show()
    EDIT.show()


def _send(draft: DraftOrder) -> None:
    shop, order = current_shop(), draft.order
    form = Form("draft_link", f"{order.id}_{order.version}")
    link = draft_settings(shop).link_of(draft)
    if not link:
        st.info(UNSET, icon=":material/settings:")
        return
    st.code(link, language=None, wrap_lines=True)
    notify = False
    if order.customer_email:
        recipient = Recipient(order.customer_id, fields={"payment_url": link}, as_order=order)
        said = [f"“Link to pay” goes to {order.customer_email} at once."]
        notify = notice.ask(form, said, lambda: notice.show_preview(shop, TEMPLATE, recipient))
    else:
        st.caption(":material/mail_off: The customer has no email address. Copy the link, and hand it out.")
    key = _KEY.once(new_click_key)
    if form.pressed("Send the link" if notify else "Note that it was handed out", icon=":material/send:"):
        done = "The link was sent." if notify else "Noted."
        sent = actions.attempt(
            Permission.PLACE_ORDERS,
            lambda actor: send_link(shop, mailer(), actor, OrderRef.of(order), key, notify=notify),
            done,
        )
        if isinstance(sent, DraftOrder):
            _KEY.clear()
        LINK.finish(sent, form)


def _complete(draft: DraftOrder) -> None:
    shop, order = current_shop(), draft.order
    form = Form("complete_draft", f"{order.id}_{order.version}")
    total = formats.plain(formats.money(shop, order.total))
    st.markdown(
        f"Places an order of {formats.customer(order.customer_name)} for **{total}**, which counts from now on."
    )
    status = st.segmented_control(
        "Status",
        (OrderStatus.PAID, OrderStatus.PENDING),
        format_func=formats.legible(formats.status_label),
        default=OrderStatus.PAID,
        required=True,
        key=form.key("status"),
        persist_state="session",
    )
    notice.say_placing(shop, order, status)
    if form.pressed("Place the order", icon=":material/check:"):
        placed = actions.attempt(
            Permission.PLACE_ORDERS,
            lambda actor: drafts.complete_draft(
                shop, actor, order.customer_id, order.id, status, seen_version=order.version
            ),
            "The order was placed.",
        )
        COMPLETE.finish(placed, form)


def _cancel(order: Order) -> None:
    actions.act(
        Permission.PLACE_ORDERS,
        lambda actor: drafts.cancel_draft(current_shop(), actor, OrderRef.of(order)),
        "The draft was cancelled.",
    )


LINK = Dialog[DraftOrder]("draft_link", "Send link to pay", _send, icon=":material/link:", width="medium")
COMPLETE = Dialog[DraftOrder]("complete_draft", "Complete this draft", _complete, icon=":material/check:")
EDIT = Editor(
    "edit_draft",
    "Edit draft order",
    Permission.PLACE_ORDERS,
    lambda actor, seen, draft: drafts.edit_draft(current_shop(), actor, OrderRef.of(seen), draft),
    lambda seen: drafts.get_draft(current_shop(), seen.customer_id, seen.id).order,
)
