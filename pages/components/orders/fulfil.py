"""Sending an order: the dialog for a parcel, and the parcels that are on their way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.fulfilments import CARRIERS, Fulfilment, Tracking, clean_tracking, link_of
from backend.domain.order_states import left_to_fulfil
from backend.domain.orders import Order, OrderStatus
from backend.domain.team import Actor, Permission
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.orders import fulfilments
from backend.services.orders.changes import OrderRef
from backend.services.orders.parts import new_part_id, packed_as
from pages.components.orders import items, notice
from pages.components.orders.parts import Entry, Known, items_text, save
from pages.components.ui import formats
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_LAST_CARRIER: Slot[str] = Slot("orders.last_carrier")


def show_button(order: Order) -> None:
    """The button that opens the dialog, while something is left to send."""
    if order.status is not OrderStatus.CANCELLED and not order.test and any(left_to_fulfil(order)):
        primary = order.status is OrderStatus.PAID
        packing = Entry(order, new_part_id())
        FULFIL.opener("Fulfil", packing, icon=":material/local_shipping:", primary=primary)


def show_parcels(shop: Shop, actor: Actor, order: Order, *, enabled: bool) -> None:
    """The parcels of an order, with their links and what can be done with them."""
    editable = enabled and actor.may(Permission.CHANGE_ORDERS)
    for number, parcel in enumerate(order.fulfilments, 1):
        with st.container(border=True):
            st.markdown(_parcel_text(shop, number, parcel))
            with st.container(horizontal=True):
                if parcel.tracking_url:
                    st.link_button("Follow parcel", parcel.tracking_url, icon=":material/open_in_new:")
                if editable:
                    following = Known(order, parcel)
                    EDIT.opener("Edit tracking", following, icon=":material/edit:", key=parcel.id)
                    REMOVE.opener("Remove", following, icon=":material/delete:", key=parcel.id)


def show_dialogs() -> None:
    """Renders the dialog that is open, if one is."""
    for dialog in (EDIT, REMOVE):
        dialog.show()
    FULFIL.show()


def _parcel_text(shop: Shop, number: int, parcel: Fulfilment) -> str:
    how = " ".join(filter(None, (parcel.carrier, parcel.tracking_number))) or "No tracking"
    what = items_text(shop, parcel.items)
    when = f"{formats.moment(shop, parcel.at)} · {who(parcel.by)}"
    title = f":material/package_2: **Parcel {number}** · {formats.plain(how)}"
    return f"{title}  \n{formats.plain(what)}  \n:gray[{formats.plain(when)}]"


def _fulfil(packing: Entry) -> None:
    shop, order = current_shop(), packing.order
    form = Form("fulfil", f"{order.id}_{packing.id}")
    with form.area():
        left = left_to_fulfil(order)
        quantities = items.quantities(shop, form, order, left, preset=left)
        tracking = _tracking_fields(form, Tracking(_LAST_CARRIER.get() or ""))
        notify = notice.choose(
            shop, form, TriggerKind.ORDER_SHIPPED, order, lambda: _after(shop, packing, quantities, tracking)
        )
        count = sum(quantities)
        missing = "" if count else "Choose at least one item for the parcel."

        def send(actor: Actor, ref: OrderRef) -> None:
            fulfilments.fulfil_order(shop, actor, ref, quantities, tracking, packing.id, notify=notify)
            _LAST_CARRIER.set(tracking.carrier)

        pressed = form.pressed(f"Fulfil {formats.counted(shop, count, 'item')}", missing=missing)
    if pressed:
        save(FULFIL, form, order, send, f"{formats.counted(shop, count, 'item')} fulfilled.")


def _after(shop: Shop, packing: Entry, quantities: Sequence[int], typed: Tracking) -> Order | None:
    """The order with the parcel as it is typed; None while that is not possible."""
    order = packing.order
    try:
        clean = clean_tracking(typed)
    except InvalidInputError:
        return None
    items_of = packed_as(order, quantities)
    parcel = Fulfilment(packing.id, items_of, shop.clock(), "", clean.carrier, clean.number, clean.url)
    return replace(order, fulfilments=(*order.fulfilments, parcel)) if items_of else None


def _tracking_fields(form: Form, before: Tracking) -> Tracking:
    carriers = list(dict.fromkeys([*filter(None, [before.carrier]), *CARRIERS]))
    carrier = st.selectbox(
        "Carrier",
        carriers,
        index=0 if before.carrier else None,
        accept_new_options=True,
        placeholder="Choose or type a carrier",
        key=form.key("carrier"),
        persist_state="session",
    )
    number = st.text_input(
        "Tracking number",
        before.number,
        max_chars=100,
        autocomplete="off",
        key=form.key("number"),
        persist_state="session",
    )
    known = link_of(carrier or "", number.strip())
    own = "" if before.url == link_of(before.carrier, before.number) else before.url
    url = st.text_input(
        "Tracking link",
        own,
        max_chars=500,
        autocomplete="off",
        placeholder=known or "https://",
        help="Left empty, the carrier's own page is taken where it is known.",
        key=form.key("url"),
        persist_state="session",
    )
    return Tracking(carrier or "", number, url)


def _edit(following: Known[Fulfilment]) -> None:
    shop, order, parcel = current_shop(), following.order, following.part
    before = Tracking(parcel.carrier, parcel.tracking_number, parcel.tracking_url)
    form = Form("tracking", f"{parcel.id}_{order.version}")
    with form.area():
        tracking = _tracking_fields(form, before)
        st.caption("No email goes out for this.")
        pressed = form.pressed("Save")
    if pressed:
        save(
            EDIT,
            form,
            order,
            lambda actor, ref: fulfilments.change_tracking(shop, actor, ref, parcel.id, tracking),
            "Tracking saved.",
        )


def _remove(following: Known[Fulfilment]) -> None:
    shop, order, parcel = current_shop(), following.order, following.part
    st.markdown("The items count as not sent again. Emails about the parcel that still wait are not sent.")
    form = Form("remove_parcel", f"{parcel.id}_{order.version}")
    if form.pressed("Remove parcel", icon=":material/delete:"):
        save(
            REMOVE,
            form,
            order,
            lambda actor, ref: fulfilments.remove_fulfilment(shop, actor, ref, parcel.id),
            "Parcel removed.",
        )


FULFIL = Dialog[Entry]("fulfil_order", "Fulfil", _fulfil, icon=":material/local_shipping:")
EDIT = Dialog[Known[Fulfilment]]("edit_tracking", "Edit tracking", _edit, icon=":material/edit:")
REMOVE = Dialog[Known[Fulfilment]]("remove_parcel", "Remove this parcel?", _remove, icon=":material/delete:")
