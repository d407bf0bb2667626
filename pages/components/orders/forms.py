"""What can be done with an order: its status, refunds, editing. All refer to the version that the person saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.order_states import left_to_fulfil
from backend.domain.orders import NEXT_STATUSES, Order, OrderStatus
from backend.domain.team import Actor, Permission
from backend.services.orders import orders
from backend.services.orders.orders import OrderRef
from backend.services.triggers.active import listening
from pages.components.orders import addresses, fulfil, notice, payment, refund, returns
from pages.components.orders.edit import Editor
from pages.components.ui import actions, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop

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


@dataclass(frozen=True, slots=True)
class _Move:
    """An order, in the version that was seen, and the status that it is to get."""

    order: Order
    status: OrderStatus


def show_actions(actor: Actor, order: Order) -> None:
    """The buttons that this person may press for this order."""
    with st.container(horizontal=True):
        if actor.may(Permission.CHANGE_ORDERS):
            fulfil.show_button(order)
            for status in () if order.test else NEXT_STATUSES[order.status]:
                _status_button(order, status)
            payment.show_button(order)
            returns.show_button(order)
            EDIT.opener("Edit", order, icon=":material/edit:")
        if actor.may(Permission.REFUND_ORDERS):
            refund.show_button(order)


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (CANCEL, MOVE):
        dialog.show()
    EDIT.show()
    fulfil.show_dialogs()
    refund.show_dialogs()
    payment.show_dialogs()
    returns.show_dialogs()
    addresses.show_dialogs()


def _status_button(order: Order, status: OrderStatus) -> None:
    """Cancelling asks first, and so does what emails the customer; a parcel takes the place of "fulfilled"."""
    verb, icon = _verb(order, status), formats.STATUS_ICONS[status]
    if status is OrderStatus.FULFILLED and any(left_to_fulfil(order)):
        return
    if status is OrderStatus.CANCELLED:
        CANCEL.opener(verb, _Move(order, status), icon=icon)
        return
    forward = (order.status, status) == (OrderStatus.PENDING, OrderStatus.PAID)
    if _emails(order, status):
        MOVE.opener(verb, _Move(order, status), icon=icon, primary=forward, key=status)
        return
    actions.button(
        verb,
        _change_status,
        OrderRef.of(order),
        status,
        icon=icon,
        key=f"to_{status}",
        type="primary" if forward else "secondary",
    )


def _emails(order: Order, status: OrderStatus) -> bool:
    """Whether the step starts an automation: a step back starts none."""
    kind = _STARTS.get(status)
    back = order.status is OrderStatus.FULFILLED and status is OrderStatus.PAID
    return kind is not None and not back and bool(order.customer_email) and bool(listening(current_shop(), kind))


def _verb(order: Order, status: OrderStatus) -> str:
    undoes = order.status is OrderStatus.FULFILLED and status is OrderStatus.PAID
    return "Undo fulfilment" if undoes else _VERBS[status]


def _change_status(ref: OrderRef, status: OrderStatus) -> None:
    actions.act(Permission.CHANGE_ORDERS, _changing(ref, status), f"Order is now {status}.")


def _changing(ref: OrderRef, status: OrderStatus, *, notify: bool = True) -> Callable[[Actor], None]:
    def change(actor: Actor) -> None:
        # A second click finds the first one's work done; that is no conflict.
        if orders.get_order(current_shop(), ref.customer_id, ref.order_id).status is not status:
            orders.change_status(current_shop(), actor, ref, status, notify=notify)

    return change


def _cancel(move: _Move) -> None:
    seen = move.order
    total = formats.money(current_shop(), seen.total)
    st.markdown(
        f"Order **{formats.plain(seen.number)}** of {formats.customer(seen.customer_name)} for "
        f"**{formats.plain(total)}** will count neither as an order nor as revenue. "
        "This does not refund any money; use “Refund” for that."
    )
    _confirm(move, CANCEL, "Cancel this order", ":material/cancel:")


def _move(move: _Move) -> None:
    _confirm(move, MOVE, _verb(move.order, move.status), formats.STATUS_ICONS[move.status])


def _confirm(move: _Move, dialog: Dialog[_Move], label: str, icon: str) -> None:
    """Which emails go out, and the button."""
    order, status = move.order, move.status
    form = Form("move_order", f"{order.id}_{order.version}_{status}")
    after = replace(order, status=status)
    notify = notice.choose(current_shop(), form, _STARTS[status], order, lambda: after)
    if form.pressed(label, icon=icon):
        moved = actions.attempt(
            Permission.CHANGE_ORDERS,
            _changing(OrderRef.of(order), status, notify=notify),
            f"Order is now {status}.",
        )
        if isinstance(moved, Trouble):
            actions.show_trouble(moved)
        else:
            form.done()
            dialog.close()
            st.rerun()


CANCEL = Dialog[_Move]("cancel_order", "Cancel this order?", _cancel, icon=":material/cancel:")
MOVE = Dialog[_Move]("move_order", "Change the status", _move, icon=":material/mail:")
EDIT = Editor(
    "edit_order",
    "Edit order",
    Permission.CHANGE_ORDERS,
    lambda actor, seen, draft: orders.edit_order(current_shop(), actor, OrderRef.of(seen), draft),
    lambda seen: orders.get_order(current_shop(), seen.customer_id, seen.id),
)
