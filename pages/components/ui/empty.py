"""What people see where there is nothing yet: one sentence, and what to do next."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Actor, Permission
from pages.components.ui.navigation import page_of


def nothing(icon: str, headline: str, advice: str) -> None:
    """A quiet note in place of a list."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("small")
        st.markdown(f"## {icon} {headline}", text_alignment="center")
        st.caption(advice, text_alignment="center")
        st.space("small")


def no_orders_yet(actor: Actor) -> None:
    """The whole Overview of a shop that has no orders, with the ways to get some."""
    with st.container(border=True, horizontal_alignment="center"):
        st.space("medium")
        st.markdown("## :material/storefront: Your shop is ready", text_alignment="center")
        st.markdown("Once you have orders, you see revenue and your best customers here.", text_alignment="center")
        with st.container(horizontal=True, horizontal_alignment="center"):
            if actor.may(Permission.IMPORT_DATA):
                _step("import_export.py", "Import your orders", ":material/upload_file:")
            if actor.may(Permission.EDIT_CUSTOMERS):
                _step("customers.py", "Add a customer", ":material/person_add:")
            if actor.may(Permission.PLACE_ORDERS):
                _step("place_order.py", "Place an order", ":material/add_shopping_cart:")
        st.space("medium")


def _step(file: str, label: str, icon: str) -> None:
    page = page_of(file)
    st.page_link(page, label=label, icon=icon, help="")
