"""Recording a payment of an order, all of the balance or a part, and the payments that were recorded."""

from __future__ import annotations

from datetime import date

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.orders import Order, OrderStatus
from backend.domain.payments import METHODS, Payment
from backend.services.context import Shop
from backend.services.orders import payments
from backend.services.orders.parts import new_part_id
from pages.components.orders import notice
from pages.components.orders.parts import Entry, amount_field, save
from pages.components.ui import formats
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop


def show_button(order: Order) -> None:
    """The button that opens the dialog, while something is left to pay."""
    if order.balance > 0 and not order.test:
        PAYMENT.opener("Record payment", Entry(order, new_part_id()), icon=":material/payments:")


def show_dialogs() -> None:
    """Renders the dialog if it is open."""
    PAYMENT.show()


def show_payments(shop: Shop, order: Order) -> None:
    """What was recorded, by method and date."""
    if not order.payments:
        return
    st.subheader("Payments")
    st.markdown("\n".join(_told(shop, payment) for payment in order.payments))


def _told(shop: Shop, payment: Payment) -> str:
    what = " · ".join(filter(None, (formats.money(shop, payment.amount), payment.method)))
    when = f"{formats.moment(shop, payment.at)} · {who(payment.by)}"
    return f"- {formats.plain(what)}  \n  :gray[{formats.plain(when)}]"


def _pay(paying: Entry) -> None:
    shop, order = current_shop(), paying.order
    st.markdown(f"Left to pay: **{formats.plain(formats.money(shop, order.balance))}**")
    form = Form("payment", f"{order.id}_{paying.id}")
    with form.area():
        amount, missing = amount_field(
            shop, form, "amount", order.balance, order.balance, empty="Enter an amount.", end="is left to pay"
        )
        method = st.selectbox(
            "Method",
            METHODS,
            index=None,
            accept_new_options=True,
            placeholder="Choose or type a method",
            key=form.key("method"),
            persist_state="session",
        )
        day = _day(shop, form)
        notify = True
        if order.status is OrderStatus.PENDING and amount == order.balance:
            payment = Payment(paying.id, amount, shop.clock(), "")
            notify = notice.choose(
                shop, form, TriggerKind.ORDER_PAID, order, lambda: payments.paid_with(order, payment)
            )
        label = "Record payment" if missing else f"Record payment of {formats.money(shop, amount)}"
        pressed = form.pressed(formats.plain(label), missing=missing)
    if pressed:
        save(
            PAYMENT,
            form,
            order,
            lambda actor, ref: payments.record_payment(
                shop, actor, ref, amount, method=method or "", day=day, payment_id=paying.id, notify=notify
            ),
            f"Payment of {formats.money(shop, amount)} recorded.",
        )


def _day(shop: Shop, form: Form) -> date:
    today = shop.clock().astimezone(shop.zone).date()
    return st.date_input(
        "Received on",
        today,
        max_value=today,
        key=form.key("day"),
        format=formats.date_input_format(shop),
        persist_state="session",
    )


PAYMENT = Dialog[Entry]("record_payment", "Record payment", _pay, icon=":material/payments:")
