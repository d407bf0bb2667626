"""Connections: the shops whose orders arrive by themselves, what each has brought, and what could not be applied."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.connections.connections import list_connections, privacy_requests
from pages.components.connections import failures, forms, view
from pages.components.ui import guard
from pages.components.ui.shell import shop

actor = guard.require(Permission.MANAGE_CONNECTIONS)
here = shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Connections", width="content")
    forms.ADD.opener("Connect a shop", "", icon=":material/add:", primary=True)
st.caption("Orders and customers of a connected shop arrive within seconds, and start automations.")
forms.show_new_secret()
view.show_connections(here, list_connections(here, actor))
failures.show_failures(here, actor)
view.show_privacy_requests(here, privacy_requests(here, actor))
forms.ADD.show()
forms.SECRET.show()
forms.REMOVE.show()
