"""One draft order: its state and customer, and its link to pay."""

from __future__ import annotations

import streamlit as st

from backend.domain.draft_orders import WAITING, DraftOrder
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.draft_orders.payment_link import UNSET
from backend.services.draft_orders.settings import draft_settings
from pages.components.draft_orders.table import state_badge
from pages.components.ui import formats
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import name_tab


def show_header(shop: Shop, draft: DraftOrder) -> None:
    """The number, the state, and the ways to the customer and to the order that was placed."""
    order = draft.order
    st.title(f"Draft {formats.plain(order.number)}", anchor=False)
    name_tab(f"Draft {order.number}")
    state = draft_settings(shop).state_of(draft.state, order.placed_at, shop.clock())
    changed = formats.plain(f"Last changed {formats.moment(shop, order.placed_at)}")
    st.markdown(f"{state_badge(state)} :gray[{changed}]")
    with st.container(horizontal=True):
        _link("customer.py", formats.name_of(order.customer_name), ":material/person:", {"id": order.customer_id})
        if draft.placed:
            query = {"customer": order.customer_id, "id": draft.placed}
            _link("order.py", "Open the order", ":material/receipt:", query)


def show_payment_link(shop: Shop, actor: Actor, draft: DraftOrder) -> None:
    """The link to copy; without the setting, how it is set."""
    if draft.state not in WAITING:
        return
    st.header("Link to pay")
    link = draft_settings(shop).link_of(draft)
    if link:
        st.code(link, language=None, wrap_lines=True)
        return
    st.info(UNSET, icon=":material/settings:")
    if actor.may(Permission.EDIT_SHOP):
        st.page_link(page_of("shop_settings.py"), label="Open shop settings", icon=":material/storefront:", help="")


def _link(file: str, label: str, icon: str, query: dict[str, str]) -> None:
    st.page_link(page_of(file), label=formats.plain(label), icon=icon, help="", query_params=query)
