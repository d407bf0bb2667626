"""Recording a payment of an order, all of the balance or a part, and the payments that were recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.money import parse_amount
from backend.domain.orders import Order, OrderStatus
from backend.domain.payments import METHODS, Payment
from backend.domain.team import Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders import payments
from backend.services.orders.changes import OrderRef
from pages.components.orders import notice
from pages.components.ui import actions, formats
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop


@dataclass(frozen=True, slots=True)
class _Paying:
    """A payment that is being entered; its id was made when the form was opened, so it is recorded once."""

    order: Order
    payment_id: str


def show_button(order: Order) -> None:
    """The button that opens the dialog, while something is left to pay."""
    if order.balance > 0 and not order.test:
        PAYMENT.opener("Record payment", _Paying(order, payments.new_payment_id()), icon=":material/payments:")


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


def _pay(paying: _Paying) -> None:
    shop, order = current_shop(), paying.order
    st.markdown(f"Left to pay: **{formats.plain(formats.money(shop, order.balance))}**")
    form = Form("payment", f"{order.id}_{paying.payment_id}")
    with form.area():
        amount, missing = _amount(shop, form, order)
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
            payment = Payment(paying.payment_id, amount, shop.clock(), "")
            notify = notice.choose(
                shop, form, TriggerKind.ORDER_PAID, order, lambda: payments.paid_with(order, payment)
            )
        label = "Record payment" if missing else f"Record payment of {formats.money(shop, amount)}"
        pressed = form.pressed(formats.plain(label), missing=missing)
    if pressed:
        ref = OrderRef(order.customer_id, order.id, order.version)
        recorded = actions.attempt(
            Permission.CHANGE_ORDERS,
            lambda actor: payments.record_payment(
                shop, actor, ref, amount, method=method or "", day=day, payment_id=paying.payment_id, notify=notify
            ),
            f"Payment of {formats.money(shop, amount)} recorded.",
        )
        PAYMENT.finish(recorded, form)


def _amount(shop: Shop, form: Form, order: Order) -> tuple[int, str]:
    """The amount in minor units, and what is missing."""
    typed = st.text_input(
        f"Amount in {shop.currency}",
        formats.amount_text(shop, order.balance),
        max_chars=30,
        autocomplete="off",
        key=form.key("amount"),
        persist_state="session",
    )
    if not typed.strip():
        return 0, "Enter an amount."
    try:
        amount = parse_amount(typed, shop.currency, "Amount", decimal_comma=formats.decimal_comma(shop))
    except InvalidInputError as error:
        return 0, error.sentence
    if amount > order.balance:
        return 0, f"At most {formats.money(shop, order.balance)} is left to pay."
    return amount, "" if amount > 0 else "Enter an amount above zero."


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


PAYMENT = Dialog[_Paying]("record_payment", "Record payment", _pay, icon=":material/payments:")
