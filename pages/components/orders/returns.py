"""Returns of an order: noting one, the goods' arrival, and the refund that goes with it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.order_states import left_to_refund, left_to_return, name_of
from backend.domain.orders import Order
from backend.domain.returns import Return
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.orders import returns
from backend.services.orders.parts import new_part_id
from pages.components.orders import items, refund
from pages.components.orders.parts import Entry, Known, items_text, save
from pages.components.ui import formats
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop


def show_button(order: Order) -> None:
    """The button that opens the dialog: after something was sent, while something can come back."""
    if order.fulfilments and any(left_to_return(order)):
        NOTE.opener("Note return", Entry(order, new_part_id()), icon=":material/assignment_return:")


def show_returns(shop: Shop, actor: Actor, order: Order, *, enabled: bool) -> None:
    """The returns of an order, with what can be done with them."""
    if not order.returns:
        return
    st.header("Returns")
    for number, found in enumerate(order.returns, 1):
        with st.container(border=True):
            st.markdown(_text(shop, number, found))
            if enabled:
                with st.container(horizontal=True):
                    _buttons(actor, order, found)


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (RECEIVE, REMOVE):
        dialog.show()
    NOTE.show()


def _buttons(actor: Actor, order: Order, found: Return) -> None:
    known = Known(order, found)
    if actor.may(Permission.CHANGE_ORDERS) and found.received_at is None:
        RECEIVE.opener("Mark as received", known, icon=":material/inventory:", key=found.id)
        REMOVE.opener("Remove", known, icon=":material/delete:", key=found.id)
    quantities = _refundable(order, found)
    if actor.may(Permission.REFUND_ORDERS) and order.refundable > 0 and any(quantities):
        refund.show_button(order, quantities=quantities, label="Refund these items", key=found.id)


def _refundable(order: Order, found: Return) -> Sequence[int]:
    """For each line item, how many of the return have not been refunded."""
    wanted: dict[str, int] = {}
    for item in found.items:
        wanted[name_of(item)] = wanted.get(name_of(item), 0) + item.quantity
    quantities = []
    for line, left in zip(order.lines, left_to_refund(order), strict=True):
        quantities.append(min(wanted.get(name_of(line), 0), left))
        wanted[name_of(line)] = wanted.get(name_of(line), 0) - quantities[-1]
    return quantities


def _text(shop: Shop, number: int, found: Return) -> str:
    if found.received_at is None:
        badge = formats.badge("Requested", "orange", ":material/schedule:")
    else:
        badge = formats.badge("Received", "green", ":material/check_circle:")
    restocked = f" {formats.badge('Restocked', 'gray')}" if found.restocked else ""
    what = items_text(shop, found.items)
    when = f"{formats.moment(shop, found.at)} · {who(found.by)}"
    if found.received_at is not None:
        when += f"; received {formats.moment(shop, found.received_at)} · {who(found.received_by)}"
    reason = f"  \n{formats.plain(found.reason)}" if found.reason else ""
    title = f":material/assignment_return: **Return {number}** {badge}{restocked}"
    return f"{title}  \n{formats.plain(what)}{reason}  \n:gray[{formats.plain(when)}]"


def _note(noting: Entry) -> None:
    shop, order = current_shop(), noting.order
    form = Form("return", f"{order.id}_{noting.id}")
    with form.area():
        quantities = items.quantities(shop, form, order, left_to_return(order))
        reason = st.text_input("Reason", max_chars=200, key=form.key("reason"), persist_state="session")
        st.caption("No email goes out for this, and no money is given back yet.")
        count = sum(quantities)
        missing = "" if count else "Choose at least one item that comes back."
        pressed = form.pressed(f"Note return of {formats.counted(shop, count, 'item')}", missing=missing)
    if pressed:
        save(
            NOTE,
            form,
            order,
            lambda actor, ref: returns.note_return(shop, actor, ref, quantities, reason, noting.id),
            "Return noted.",
        )


def _receive(known: Known[Return]) -> None:
    shop, order, found = current_shop(), known.order, known.part
    form = Form("receive_return", f"{found.id}_{order.version}")
    with form.area():
        restocked = st.checkbox("Restocked", help="Notes that the items are for sale again.", key=form.key("restocked"))
        pressed = form.pressed("Mark as received")
    if pressed:
        save(
            RECEIVE,
            form,
            order,
            lambda actor, ref: returns.receive_return(shop, actor, ref, found.id, restocked=restocked),
            "Return received.",
        )


def _remove(known: Known[Return]) -> None:
    shop, order, found = current_shop(), known.order, known.part
    st.markdown("The items count as not coming back. A refund for them stays.")
    form = Form("remove_return", f"{found.id}_{order.version}")
    if form.pressed("Remove return", icon=":material/delete:"):
        save(
            REMOVE, form, order, lambda actor, ref: returns.remove_return(shop, actor, ref, found.id), "Return removed."
        )


NOTE = Dialog[Entry]("note_return", "Note a return", _note, icon=":material/assignment_return:")
RECEIVE = Dialog[Known[Return]]("receive_return", "Has the return arrived?", _receive, icon=":material/inventory:")
REMOVE = Dialog[Known[Return]]("remove_return", "Remove this return?", _remove, icon=":material/delete:")
