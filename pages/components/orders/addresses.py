"""Where an order and its bill go, and correcting that on the order."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from backend.domain.addresses import Address
from backend.domain.orders import Order
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.customers.addresses import adding_writes
from backend.services.orders import orders
from backend.services.orders.changes import OrderRef
from pages.components.addresses import fields, view
from pages.components.ui import actions, formats
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop


@dataclass(frozen=True, slots=True)
class _Editing:
    """One of the two addresses of an order, in the version that was seen."""

    order: Order
    billing: bool


def show(shop: Shop, actor: Actor, order: Order, *, enabled: bool) -> None:
    """Both addresses, and the way to correct each."""
    editable = enabled and actor.may(Permission.CHANGE_ORDERS)
    left, right = st.columns(2)
    with left:
        st.header("Shipping address")
        _one(shop, order.shipping_address, "No shipping address")
        if editable:
            SHIPPING.opener("Edit shipping address", _Editing(order, billing=False), icon=":material/edit:")
    with right:
        st.header("Billing address")
        same = order.billing_address is None and order.shipping_address is not None
        _one(shop, None if same else order.billing_address, "Same as shipping" if same else "No billing address")
        if editable:
            BILLING.opener("Edit billing address", _Editing(order, billing=True), icon=":material/edit:")


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (SHIPPING, BILLING):
        dialog.show()


def _one(shop: Shop, address: Address | None, nothing: str) -> None:
    st.markdown(view.text_of(shop, address) if address else f":gray[{nothing}]")


def _edit(editing: _Editing) -> None:
    shop, order, billing = current_shop(), editing.order, editing.billing
    before = (order.billed_to if billing else order.shipping_address) or Address(
        name=formats.name_of(order.customer_name, ""), country=order.country
    )
    form = Form("billing_address" if billing else "shipping_address", f"{order.id}_{order.version}")
    with form.area():
        same = billing and st.checkbox(
            "Same as the shipping address",
            value=order.billing_address is None,
            key=form.key("same"),
            persist_state="session",
        )
        typed = None if same else fields.show(shop, form, before)
        keep = False
        if not billing:
            keep = st.checkbox(
                "Also save to the customer",
                help="Makes it the address for new orders. Otherwise this order alone changes.",
                key=form.key("keep"),
                persist_state="session",
            )
        pressed = form.pressed("Save", changed=keep or typed not in (None, before))
    if pressed:
        shipping, bill = (order.shipping_address, typed) if billing else (typed, order.billing_address)
        ref = OrderRef.of(order)
        saved = actions.attempt(
            Permission.CHANGE_ORDERS,
            lambda actor: orders.change_addresses(
                shop,
                actor,
                ref,
                shipping=shipping,
                billing=bill,
                also=lambda: adding_writes(shop, actor, order.customer_id, typed) if keep and typed else (),
            ),
            "Address saved.",
        )
        (BILLING if billing else SHIPPING).finish(saved, form)


SHIPPING = Dialog[_Editing]("shipping_address", "Shipping address", _edit, icon=":material/home_pin:", width="medium")
BILLING = Dialog[_Editing]("billing_address", "Billing address", _edit, icon=":material/receipt:", width="medium")
