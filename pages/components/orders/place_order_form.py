"""The parts of placing an order: choosing the customer, the button, and what is said afterwards."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.domain.customers import Customer
from backend.domain.draft_orders import DraftOrder
from backend.domain.orders import OrderStatus
from backend.domain.team import Actor, Permission
from backend.domain.text import NOTE_LENGTH
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.draft_orders import drafts
from backend.services.orders import orders
from backend.services.orders.orders import OrderDraft
from pages.components.customers import search
from pages.components.customers.forms import ADD, FOR_ORDER
from pages.components.orders import line_editor, product_picker
from pages.components.ui import actions, formats, keystrokes
from pages.components.ui.actions import Trouble
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import name_tab
from pages.components.ui.state import Slot

NAME = "place_order"
_BUTTON = f"{NAME}_now"
_KEY: Slot[str] = Slot(f"{NAME}.key")
_DRAFT_KEY: Slot[str] = Slot(f"{NAME}.draft_key")
_PRESSED_TWICE: Slot[str] = Slot(f"{NAME}.pressed_twice")
_STATUSES = (OrderStatus.PENDING, OrderStatus.PAID)


def choose_customer(actor: Actor, shop: Shop) -> None:
    """Finds the customer whom the order is for, or adds one; what was typed into the order stays."""
    search.search_customers(shop, "Customer", _choose, nobody="No match. Type less of the name, or add a new customer.")
    if actor.may(Permission.EDIT_CUSTOMERS):
        ADD.opener("New customer", FOR_ORDER, icon=":material/person_add:")
    ADD.show()


def _choose(customer_id: str) -> None:
    st.query_params["customer"] = customer_id


def show_customer(customer: Customer) -> None:
    """For whom the order is, and the way to choose somebody else."""
    name_tab("Place an order", formats.name_of(customer.name))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/person: **{formats.plain(formats.name_of(customer.name))}**", width="content")
        st.text(customer.email or "Cannot be emailed: no address")
        st.button("Change", type="tertiary", on_click=st.query_params.clear)


def show(shop: Shop, customer: Customer) -> None:
    """Renders the form, and places the order."""
    with keystrokes.area(_BUTTON):
        draft, missing = _enter(shop, customer)
        _buttons(shop, draft, missing)


def _enter(shop: Shop, customer: Customer) -> tuple[OrderDraft | None, str]:
    """Renders the fields and their total, and says what is missing or is not an amount.

    The fields are named by the form's idempotency key, so an order that is placed leaves none of them filled in.
    """
    name = f"{NAME}_{_key(shop)}"
    st.header("Line items")
    product_picker.show(shop, name)
    lines = line_editor.fields(shop, name)
    st.header("Amounts")
    amounts = line_editor.amounts(shop, name=name)
    status, note = _more_fields(name)

    def draft() -> OrderDraft:
        items = line_editor.items(shop, lines)
        return OrderDraft(customer.id, items, **line_editor.parsed(shop, amounts, items), status=status, note=note)

    return line_editor.show_total(shop, draft)


def _more_fields(name: str) -> tuple[OrderStatus, str]:
    status = st.segmented_control(
        "Status",
        _STATUSES,
        format_func=formats.legible(formats.status_label),
        default=OrderStatus.PENDING,
        required=True,
        key=f"{name}_status",
        persist_state="session",
    )
    note = st.text_area(
        "Note",
        max_chars=NOTE_LENGTH,
        height=80,
        key=f"{name}_note",
        placeholder="For the team",
        persist_state="session",
    )
    return status, note


def _buttons(shop: Shop, draft: OrderDraft | None, missing: str) -> None:
    """Placing, and saving as a draft. Their idempotency keys are made when the form is first rendered, and stay until
    one of them is done."""
    key, draft_key = _key(shop), _DRAFT_KEY.once(lambda: drafts.new_draft_key(shop))
    with st.container(horizontal=True):
        place = actions.pressed("Place order", key=_BUTTON, icon=":material/check:", missing=missing)
        save = actions.pressed(
            "Save as draft", key=f"{NAME}_draft", icon=":material/edit_document:", missing=missing, main=False
        )
    if place and draft:
        _finish(lambda actor: _placed(orders.place_order(shop, actor, draft, key)))
    elif save and draft:
        _finish(lambda actor: _saved(drafts.create_draft(shop, actor, draft, draft_key)))


def _finish(act: Callable[[Actor], None]) -> None:
    result = actions.attempt(Permission.PLACE_ORDERS, act, "")
    if isinstance(result, Trouble):
        actions.show_trouble(result)
    else:
        st.rerun()


def _key(shop: Shop) -> str:
    return _KEY.once(lambda: orders.new_idempotency_key(shop))


def _placed(placed: orders.Placed) -> None:
    if placed.duplicate:
        _PRESSED_TWICE.set(placed.order.id)
    st.query_params.from_dict({"customer": placed.order.customer_id, "placed": placed.order.id})


def _saved(draft: DraftOrder) -> None:
    st.query_params.from_dict({"customer": draft.order.customer_id, "draft": draft.order.id})


def open_saved() -> None:
    """Goes to the draft that has just been saved, if one was."""
    customer_id, draft_id = (st.query_params.get(name, "") for name in ("customer", "draft"))
    if draft_id:
        if _DRAFT_KEY.get() == draft_id:  # not sooner, as with an order that is placed
            _KEY.clear()
            _DRAFT_KEY.clear()
        st.switch_page(page_of("draft.py"), query_params={"customer": customer_id, "id": draft_id})


def show_placed(shop: Shop) -> bool:
    """Says that the order was placed, with a link to it, if one has just been placed."""
    order_id = st.query_params.get("placed", "")
    try:
        order = orders.get_order(shop, st.query_params.get("customer", ""), order_id) if order_id else None
    except BackendError:
        order = None
    if order is None:
        return False
    if _KEY.get() == order.id:  # not sooner: a second click may interrupt the run of the first
        _KEY.clear()
        _DRAFT_KEY.clear()
    total = formats.money(shop, order.total)
    st.success(
        f"Order **{formats.plain(order.number)}** of {formats.customer(order.customer_name)} for "
        f"**{formats.plain(total)}** was placed.",
        icon=":material/check_circle:",
    )
    if _PRESSED_TWICE.get() == order.id:
        st.info("The button was clicked twice; the order was placed once.", icon=":material/info:")
    query = {"customer": order.customer_id, "id": order.id}
    st.page_link(page_of("order.py"), label="Open this order", icon=":material/receipt:", query_params=query, help="")
    st.button("Place another order", icon=":material/add_shopping_cart:", on_click=st.query_params.clear)
    return True
