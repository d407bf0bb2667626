"""Refunding an order: by line item, with shipping, or by amount, in one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.order_states import left_to_refund, left_to_return
from backend.domain.orders import Order, Refund
from backend.domain.refunds import refund_lines, shipping_left, suggested_amount
from backend.domain.team import Permission
from backend.services.context import Shop
from backend.services.orders import refunds
from backend.services.orders.parts import new_part_id
from pages.components.orders import items, notice
from pages.components.orders.parts import Entry, amount_field, save
from pages.components.ui import formats
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop


@dataclass(frozen=True, slots=True)
class _Typed:
    """What is refunded, as it is typed: of each line item, of the shipping, and the amount in minor units."""

    quantities: Sequence[int]
    shipping: int
    restocked: bool
    returned: bool
    amount: int
    missing: str


def show_button(order: Order, *, quantities: Sequence[int] = (), label: str = "Refund", key: str = "") -> None:
    """The button that opens the dialog, while something can be refunded; `quantities` are filled in."""
    if order.refundable > 0:
        refunding = Entry(order, new_part_id(), quantities)
        REFUND.opener(label, refunding, icon=":material/undo:", key=key)


def show_dialogs() -> None:
    """Renders the dialog if it is open."""
    REFUND.show()


def _refund(refunding: Entry) -> None:
    shop, order = current_shop(), refunding.order
    st.markdown(_left_to_refund(shop, order))
    form = Form("refund", f"{order.id}_{refunding.id}")
    with form.area():
        typed = _fields(shop, form, refunding)
        reason = st.text_input(
            "Reason",
            max_chars=200,
            placeholder="For the order's history",
            key=form.key("reason"),
            persist_state="session",
        )
        notify = notice.choose(shop, form, TriggerKind.ORDER_REFUNDED, order, lambda: _after(shop, refunding, typed))
        what = "the amount above" if typed.missing else formats.money(shop, typed.amount)
        label = formats.plain(f"Refund {what} to {formats.name_of(order.customer_name, 'this customer')}")
        pressed = form.pressed(label, missing=typed.missing)
    if pressed:
        save(
            REFUND,
            form,
            order,
            lambda actor, ref: refunds.refund_order(
                shop,
                actor,
                ref,
                typed.amount,
                reason,
                refunding.id,
                quantities=typed.quantities,
                shipping=typed.shipping,
                restocked=typed.restocked,
                returned=typed.returned,
                notify=notify,
            ),
            f"{formats.money(shop, typed.amount)} refunded.",
            permission=Permission.REFUND_ORDERS,
        )


def _fields(shop: Shop, form: Form, refunding: Entry) -> _Typed:
    order = refunding.order
    left, most_shipping = left_to_refund(order), shipping_left(order)
    if any(left) or most_shipping:
        everything = {items.key_of(place): count for place, count in enumerate(left) if count} | {"shipping": True}
        st.button("Select all", icon=":material/select_all:", type="tertiary", on_click=form.begin, args=(everything,))
    quantities = items.quantities(shop, form, order, left, preset=refunding.quantities)
    shipping = 0
    if most_shipping:
        label = formats.plain(f"Shipping ({formats.money(shop, most_shipping)})")
        shipping = most_shipping * st.checkbox(label, key=form.key("shipping"), persist_state="session")
    restocked = any(quantities) and st.checkbox(
        "Restocked",
        help="Notes that the items are for sale again.",
        key=form.key("restocked"),
        persist_state="session",
    )
    returned = _can_return(order, quantities) and st.checkbox(
        "Note a return of these items",
        help="They are sent back by the customer; note here when they have arrived.",
        key=form.key("returned"),
        persist_state="session",
    )
    suggested = suggested_amount(order, refund_lines(order, quantities), shipping)
    amount, missing = amount_field(
        shop,
        form,
        f"amount_{suggested}",  # it begins again whenever something else is chosen
        suggested,
        order.refundable,
        empty="Choose what to refund, or enter an amount.",
        end="can be refunded",
    )
    return _Typed(quantities, shipping, restocked, returned, amount, missing)


def _can_return(order: Order, quantities: Sequence[int]) -> bool:
    """Whether these items were sent, and no return of them is noted."""
    possible = all(wanted <= most for wanted, most in zip(quantities, left_to_return(order), strict=True))
    return bool(order.fulfilments) and any(quantities) and possible


def _after(shop: Shop, refunding: Entry, typed: _Typed) -> Order | None:
    """The order with the refund as it is typed; None while something is missing."""
    if typed.missing:
        return None
    refund = Refund(refunding.id, typed.amount, shop.clock(), "")
    return replace(refunding.order, refunds=(*refunding.order.refunds, refund))


def _left_to_refund(shop: Shop, order: Order) -> str:
    amounts = (order.received, order.refunded, order.refundable)
    paid, refunded, left = (formats.plain(formats.money(shop, amount)) for amount in amounts)
    earlier = f"Refunded {refunded}. " if order.refunded else ""
    return f"Paid {paid}. {earlier}Refundable: **{left}**"


REFUND = Dialog[Entry]("refund_order", "Refund", _refund, icon=":material/undo:")
