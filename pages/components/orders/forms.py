"""What can be done with an order: its status, refunds, editing. All refer to the version that the person saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.money import parse_amount
from backend.domain.orders import NEXT_STATUSES, Order, OrderStatus
from backend.domain.team import Actor, Permission
from backend.domain.text import NOTE_LENGTH
from backend.errors import InvalidInputError
from backend.services.orders import orders
from backend.services.orders.orders import OrderDraft, OrderRef
from backend.services.triggers.active import listening
from pages.components.orders import line_editor
from pages.components.orders.line_editor import TypedLine
from pages.components.ui import actions, formats, forms
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import shop

_VERBS = {
    OrderStatus.PENDING: "Mark as pending",
    OrderStatus.PAID: "Mark as paid",
    OrderStatus.FULFILLED: "Mark as fulfilled",
    OrderStatus.CANCELLED: "Cancel order",
}
_STARTS = {
    OrderStatus.PAID: TriggerKind.ORDER_PAID,
    OrderStatus.FULFILLED: TriggerKind.ORDER_SHIPPED,
    OrderStatus.CANCELLED: TriggerKind.ORDER_CANCELLED,
}
_ALL, _PART = "Full refund", "Partial refund"


@dataclass(frozen=True, slots=True)
class _Refunding:
    """A refund that is being entered; its id was made when the form was opened, so it happens once."""

    order: Order
    refund_id: str


def show_actions(actor: Actor, order: Order) -> None:
    """The buttons that this person may press for this order."""
    with st.container(horizontal=True):
        if actor.may(Permission.CHANGE_ORDERS):
            for status in () if order.test else NEXT_STATUSES[order.status]:
                _status_button(order, status)
            if order.balance > 0 and order.status is not OrderStatus.PENDING:
                _payment_button(order)
            EDIT.opener("Edit", order, icon=":material/edit:")
        if actor.may(Permission.REFUND_ORDERS) and order.refundable > 0:
            REFUND.opener("Refund", _Refunding(order, orders.new_refund_id()), icon=":material/undo:")
    if actor.may(Permission.CHANGE_ORDERS) and not order.test:
        _show_emails(order)


def _show_emails(order: Order) -> None:
    """Which of the buttons starts an automation, so that nobody emails a customer unawares."""
    for status in NEXT_STATUSES[order.status]:
        kind = _STARTS.get(status)
        if kind and (names := [each.name for each in listening(shop(), kind)]):
            started = formats.listed([f"“{name}”" for name in names])
            sentence = f"“{_verb(order, status)}” starts the automation {started}: the customer gets an email."
            st.caption(f":material/mail: {formats.plain(sentence)}")


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (CANCEL, REFUND, EDIT):
        dialog.show()


def _status_button(order: Order, status: OrderStatus) -> None:
    if status is OrderStatus.CANCELLED:
        CANCEL.opener(_VERBS[status], order, icon=formats.STATUS_ICONS[status])
        return
    forward = order.status in (OrderStatus.PENDING, OrderStatus.PAID) and status in (
        OrderStatus.PAID,
        OrderStatus.FULFILLED,
    )
    actions.button(
        _verb(order, status),
        _change_status,
        _ref(order),
        status,
        icon=formats.STATUS_ICONS[status],
        key=f"to_{status}",
        type="primary" if forward else "secondary",
    )


def _payment_button(order: Order) -> None:
    amount = formats.money(shop(), order.balance)
    actions.button(
        formats.plain(f"Record payment of {amount}"),
        actions.act,
        Permission.CHANGE_ORDERS,
        lambda actor: orders.record_payment(shop(), actor, _ref(order)),
        f"Payment of {amount} recorded.",
        icon=":material/payments:",
        key="record_payment",
    )


def _verb(order: Order, status: OrderStatus) -> str:
    undoes = order.status is OrderStatus.FULFILLED and status is OrderStatus.PAID
    return "Undo fulfilment" if undoes else _VERBS[status]


def _change_status(ref: OrderRef, status: OrderStatus) -> None:
    actions.act(Permission.CHANGE_ORDERS, _changing(ref, status), f"Order is now {status}.")


def _changing(ref: OrderRef, status: OrderStatus) -> Callable[[Actor], None]:
    def change(actor: Actor) -> None:
        # A second click finds the first one's work done; that is no conflict.
        if orders.get_order(shop(), ref.customer_id, ref.order_id).status is not status:
            orders.change_status(shop(), actor, ref, status)

    return change


def _cancel(seen: Order) -> None:
    total = formats.money(shop(), seen.total)
    st.markdown(
        f"Order **{formats.plain(seen.number)}** of {formats.customer(seen.customer_name)} for "
        f"**{formats.plain(total)}** will count neither as an order nor as revenue. "
        "This does not refund any money; use “Refund” for that."
    )
    if st.button("Cancel this order", type="primary", icon=":material/cancel:", width="stretch"):
        cancelled = actions.attempt(
            Permission.CHANGE_ORDERS, _changing(_ref(seen), OrderStatus.CANCELLED), "Order is now cancelled."
        )
        if isinstance(cancelled, Trouble):
            actions.show_trouble(cancelled)
        else:
            CANCEL.close()
            st.rerun()


def _refund(refunding: _Refunding) -> None:
    here, order = shop(), refunding.order
    st.markdown(_left_to_refund(order))
    form = Form("refund", order.id)
    with form.area():
        choice = st.segmented_control(
            "Refund",
            [_ALL, _PART],
            default=_ALL,
            required=True,
            format_func=formats.legible(str),
            key=form.key("choice"),
            persist_state="session",
        )
        typed = ""
        if choice == _PART:
            typed = st.text_input(
                f"Amount in {here.currency}",
                max_chars=30,
                autocomplete="off",
                key=form.key("amount"),
                persist_state="session",
            )
        reason = st.text_input(
            "Reason",
            max_chars=200,
            placeholder="For the order's history",
            key=form.key("reason"),
            persist_state="session",
        )
        amount, missing = _refunded(order, typed) if choice == _PART else (order.refundable, "")
        what = "the amount above" if choice == _PART else formats.money(here, amount)
        label = formats.plain(f"Refund {what} to {formats.name_of(order.customer_name, 'this customer')}")
        now = form.pressed(label, missing=missing)
    if now:
        refunded = actions.attempt(
            Permission.REFUND_ORDERS,
            lambda actor: orders.refund_order(here, actor, _ref(order), amount, reason, refunding.refund_id),
            f"{formats.money(here, amount)} refunded.",
        )
        _finish(REFUND, form, refunded)


def _refunded(order: Order, typed: str) -> tuple[int, str]:
    """The amount of a partial refund, and what is missing for it."""
    if not typed.strip():
        return 0, "Enter the amount to refund."
    try:
        amount = _amount(typed)
    except InvalidInputError as error:
        return 0, error.sentence
    if amount > order.refundable:
        return 0, f"At most {formats.money(shop(), order.refundable)} can be refunded."
    return amount, "" if amount > 0 else "Enter an amount above zero."


def _left_to_refund(order: Order) -> str:
    paid, refunded, left = (
        formats.plain(formats.money(shop(), n)) for n in (order.received, order.refunded, order.refundable)
    )
    earlier = f"Refunded {refunded}. " if order.refunded else ""
    return f"Paid {paid}. {earlier}Refundable: **{left}**"


def _edit(seen: Order) -> None:
    here = shop()
    st.caption("Customer, status and date do not change.")
    form = _edit_form(seen)
    with form.area():
        lines = line_editor.table(here, seen.lines, name=form.key("table"))
        amounts = line_editor.amounts(here, seen.discount, seen.shipping, seen.tax, name=form.key("amount"))
        note = st.text_area(
            "Note", seen.note, max_chars=NOTE_LENGTH, height=80, key=form.key("note"), persist_state="session"
        )

        def typed() -> OrderDraft:
            items = line_editor.items(here, lines)
            return OrderDraft(seen.customer_id, items, **line_editor.parsed(here, amounts), note=note)

        draft, missing = line_editor.show_total(here, typed, seen)
        pressed = form.pressed("Save", missing=missing, changed=draft is None or _differs(draft, seen))
    if pressed and draft:
        edited = actions.attempt(
            Permission.CHANGE_ORDERS, lambda actor: orders.edit_order(here, actor, _ref(seen), draft), "Saved."
        )
        _finish(EDIT, form, edited, lambda: _reopen(seen, form, lines))


def _edit_form(seen: Order) -> Form:
    return Form("edit_order", f"{seen.id}_{seen.version}")


def _differs(draft: OrderDraft, seen: Order) -> bool:
    typed = (draft.lines, draft.discount, draft.shipping, draft.tax, draft.note)
    return typed != (seen.lines, seen.discount, seen.shipping, seen.tax, seen.note)


def _reopen(seen: Order, form: Form, lines: list[TypedLine]) -> None:
    """The newest version, with the fields that were changed here as they were typed."""
    theirs = orders.get_order(shop(), seen.customer_id, seen.id)
    again = _edit_form(theirs)
    before = {"note": seen.note, **line_editor.amount_fields(shop(), seen.discount, seen.shipping, seen.tax, "amount")}
    typed = {name: st.session_state.get(form.key(name)) for name in before}
    again.begin({name: text for name, text in typed.items() if text is not None and text != before[name]})
    table = line_editor.typed_table(form.key("table")).get()
    if table is not None and not line_editor.are_lines(shop(), lines, seen.lines):
        line_editor.typed_table(again.key("table")).set(table)
    EDIT.open(theirs)


def _finish(
    dialog: Dialog[Order] | Dialog[_Refunding],
    form: Form,
    result: Order | Trouble,
    keep: Callable[[], None] | None = None,
) -> None:
    if not isinstance(result, Trouble):
        form.done()
        dialog.close()
        st.rerun()
    actions.show_trouble(result)
    if result.stale and keep:
        forms.show_overtaken(keep, dialog.close)
    elif result.stale:
        st.button("Reload", icon=":material/refresh:", key="reload_order", on_click=dialog.close)


def _amount(typed: str) -> int:
    here = shop()
    return parse_amount(typed, here.currency, "Amount", decimal_comma=formats.decimal_comma(here))


def _ref(order: Order) -> OrderRef:
    return OrderRef(order.customer_id, order.id, order.version)


CANCEL = Dialog[Order]("cancel_order", "Cancel this order?", _cancel, icon=":material/cancel:")
REFUND = Dialog[_Refunding]("refund_order", "Refund", _refund, icon=":material/undo:")
EDIT = Dialog[Order]("edit_order", "Edit order", _edit, icon=":material/edit:", width="medium")
