"""Connections: shops whose orders arrive by themselves, and programs that get events about orders and emails."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.connections.connections import list_connections, privacy_requests
from pages.components.connections import endpoints, failures, forms, view
from pages.components.ui import filters, guard
from pages.components.ui.shell import current_shop

actor = guard.require(Permission.MANAGE_CONNECTIONS)
shop = current_shop()

st.title("Connections")
shops, webhooks = filters.tabs({"shops": "Shops", "webhooks": "Webhooks out"}, name="tab", key="connection_tabs")
with shops:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption("Orders and customers of a connected shop arrive within seconds.", width="content")
        forms.ADD.opener("Connect a shop", "", icon=":material/add:", primary=True)
    forms.show_new_secret()
    view.show_connections(shop, list_connections(shop, actor))
    failures.show_failures(shop, actor)
    view.show_privacy_requests(shop, privacy_requests(shop, actor))
with webhooks:
    endpoints.show_endpoints(shop, actor)
for dialog in (forms.ADD, forms.SECRET, forms.TOKEN, forms.REMOVE, endpoints.ADD, endpoints.CHANGE, endpoints.REMOVE):
    dialog.show()
