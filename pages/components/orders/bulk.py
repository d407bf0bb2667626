"""Actions on the orders that are selected in the list: what will happen, to how many, and then what did."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.automations import TriggerKind
from backend.domain.orders import NEXT_STATUSES, Order, OrderStatus, OrderSummary
from backend.domain.team import Actor, Permission
from backend.services import exports
from backend.services.orders import bulk
from backend.services.orders.lists import OrderFilter
from backend.services.triggers.active import listening
from pages.components.ui import actions, formats
from pages.components.ui.bulk import attempt, say_which
from pages.components.ui.dialogs import Dialog
from pages.components.ui.downloads import export_menu, offer_files
from pages.components.ui.forms import Form
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop
from pages.components.ui.table import Action

OF = "orders"
_Refs = tuple[tuple[str, str], ...]


def actions_for(actor: Actor) -> list[Action]:
    """What this person may do with the selected orders."""
    found = []
    if actor.may(Permission.CHANGE_ORDERS):
        found.append(Action("fulfil", "Mark as fulfilled", ":material/check_circle:"))
    if actor.may(Permission.EXPORT_DATA):
        found.append(Action("export", "Export", ":material/download:"))
    return found


def begin(name: str, ids: list[str], listed: Sequence[OrderSummary]) -> None:
    """Opens the dialog of an action on those of the listed orders that have these ids."""
    _DIALOGS[name].open(tuple((order.customer_id, order.id) for order in listed if order.id in ids))


def show() -> None:
    """Renders the dialog that is open."""
    for dialog in _DIALOGS.values():
        dialog.show()


def offer_export(actor: Actor, wanted: OrderFilter) -> None:
    """The way to a file of what the list shows, all its pages."""
    export_menu(actor, "orders", lambda: _choose_file(actor, wanted))


def _choose_file(actor: Actor, wanted: OrderFilter) -> None:
    shop = current_shop()
    rows = st.radio("One row for each", ["Order", "Line item"], key="export_orders_rows", persist_state="session")
    export, what = (exports.export_orders, "orders") if rows == "Order" else (exports.export_line_items, "line items")
    offer_files(shop, actor, what, lambda who, to, kind: export(shop, who, to, kind, wanted))


def _fulfil(refs: _Refs) -> None:
    shop, orders = current_shop(), bulk.chosen(current_shop(), refs)
    open_ones = [order for order in orders if OrderStatus.FULFILLED in NEXT_STATUSES[order.status] and not order.test]
    say_which([order.number for order in orders])
    if left := len(orders) - len(open_ones):
        st.caption(f"{formats.count(shop, left)} of them cannot be fulfilled, or are already.")
    st.caption("They get no tracking number. To add one, open the order.")
    form = Form("bulk_fulfil")
    notify = _choose_email(form, open_ones)
    if form.pressed(f"Mark {formats.counted(shop, len(open_ones), 'order')} as fulfilled"):
        trouble = attempt(
            shop,
            OF,
            Permission.CHANGE_ORDERS,
            lambda actor: bulk.mark_fulfilled(shop, actor, refs, notify=notify),
            "{} marked as fulfilled.",
            one="order",
        )
        if trouble is not None:
            actions.show_trouble(trouble)
            return
        form.done()
        _DIALOGS["fulfil"].close()
        st.rerun()


def _choose_email(form: Form, orders: Sequence[Order]) -> bool:
    """Renders how many customers are emailed, with a switch; returns whether they should be."""
    shop = current_shop()
    automations = listening(shop, TriggerKind.ORDER_SHIPPED)
    if not automations:
        st.caption(":material/mail_off: No automation listens to this, so nobody gets an email.")
        return True
    wanted = st.toggle("Email the customers", value=True, key=form.key("notify"), persist_state="session")
    if wanted:
        reached = formats.counted(shop, sum(bool(order.customer_email) for order in orders), "order")
        names = formats.listed([f"“{each.name}”" for each in automations])
        st.caption(f":material/mail: {formats.plain(f'{names} for {reached} with an email address.')}")
    return wanted


def _export(refs: _Refs) -> None:
    shop = current_shop()
    say_which([order.number for order in bulk.chosen(shop, refs)])
    offer_files(
        shop,
        require(Permission.EXPORT_DATA),
        "selected orders",
        lambda who, to, kind: exports.export_chosen_orders(shop, who, to, kind, refs),
    )


_DIALOGS: dict[str, Dialog[_Refs]] = {
    "fulfil": Dialog("bulk_fulfil", "Mark orders as fulfilled?", _fulfil, icon=":material/check_circle:"),
    "export": Dialog("bulk_export_orders", "Export orders", _export, icon=":material/download:"),
}
