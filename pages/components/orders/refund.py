"""Refunding an order: by line item, with shipping, or by amount, in one form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.money import parse_amount
from backend.domain.order_states import left_to_refund, left_to_return
from backend.domain.orders import Order, Refund
from backend.domain.refunds import refund_lines, shipping_left, suggested_amount
from backend.domain.team import Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders import refunds
from backend.services.orders.changes import OrderRef
from pages.components.orders import items, notice
from pages.components.ui import actions, formats
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop


@dataclass(frozen=True, slots=True)
class _Refunding:
    """A refund that is being entered; its id was made when the form was opened, so it happens once."""

    order: Order
    refund_id: str
    quantities: Sequence[int] = ()


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
        refunding = _Refunding(order, refunds.new_refund_id(), quantities)
        REFUND.opener(label, refunding, icon=":material/undo:", key=key)


def show_dialogs() -> None:
    """Renders the dialog if it is open."""
    REFUND.show()


def _refund(refunding: _Refunding) -> None:
    shop, order = current_shop(), refunding.order
    st.markdown(_left_to_refund(shop, order))
    form = Form("refund", f"{order.id}_{refunding.refund_id}")
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
        ref = OrderRef(order.customer_id, order.id, order.version)
        refunded = actions.attempt(
            Permission.REFUND_ORDERS,
            lambda actor: refunds.refund_order(
                shop,
                actor,
                ref,
                typed.amount,
                reason,
                refunding.refund_id,
                quantities=typed.quantities,
                shipping=typed.shipping,
                restocked=typed.restocked,
                returned=typed.returned,
                notify=notify,
            ),
            f"{formats.money(shop, typed.amount)} refunded.",
        )
        REFUND.finish(refunded, form)


def _fields(shop: Shop, form: Form, refunding: _Refunding) -> _Typed:
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
    amount, missing = _amount(shop, form, order, suggested)
    return _Typed(quantities, shipping, restocked, returned, amount, missing)


def _can_return(order: Order, quantities: Sequence[int]) -> bool:
    """Whether these items were sent, and no return of them is noted."""
    possible = all(wanted <= most for wanted, most in zip(quantities, left_to_return(order), strict=True))
    return bool(order.fulfilments) and any(quantities) and possible


def _amount(shop: Shop, form: Form, order: Order, suggested: int) -> tuple[int, str]:
    """The amount in minor units, and what is missing. It begins again whenever something else is chosen."""
    typed = st.text_input(
        f"Amount in {shop.currency}",
        formats.amount_text(shop, suggested) if suggested else "",
        max_chars=30,
        autocomplete="off",
        key=form.key(f"amount_{suggested}"),
        persist_state="session",
    )
    if not typed.strip():
        return 0, "Choose what to refund, or enter an amount."
    try:
        amount = parse_amount(typed, shop.currency, "Amount", decimal_comma=formats.decimal_comma(shop))
    except InvalidInputError as error:
        return 0, error.sentence
    if amount > order.refundable:
        return 0, f"At most {formats.money(shop, order.refundable)} can be refunded."
    return amount, "" if amount > 0 else "Enter an amount above zero."


def _after(shop: Shop, refunding: _Refunding, typed: _Typed) -> Order | None:
    """The order with the refund as it is typed; None while something is missing."""
    if typed.missing:
        return None
    refund = Refund(refunding.refund_id, typed.amount, shop.clock(), "")
    return replace(refunding.order, refunds=(*refunding.order.refunds, refund))


def _left_to_refund(shop: Shop, order: Order) -> str:
    amounts = (order.received, order.refunded, order.refundable)
    paid, refunded, left = (formats.plain(formats.money(shop, amount)) for amount in amounts)
    earlier = f"Refunded {refunded}. " if order.refunded else ""
    return f"Paid {paid}. {earlier}Refundable: **{left}**"


REFUND = Dialog[_Refunding]("refund_order", "Refund", _refund, icon=":material/undo:")
