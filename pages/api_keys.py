"""API keys: which programs may use the HTTP API, and for what."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.api_keys.keys import list_keys
from pages.components.api import keys
from pages.components.ui import guard, second_factor
from pages.components.ui.shell import current_shop

actor = guard.require(Permission.MANAGE_API_KEYS)
shop = current_shop()

if not second_factor.confirmed(actor, "api_keys"):
    st.stop()
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("API keys", width="content")
    keys.CREATE.opener("Create a key", "", icon=":material/add:", primary=True)
st.caption("Shops, apps and scripts use these keys to work with customers, orders and emails over HTTP.")
st.link_button("API reference", "/api/docs", icon=":material/menu_book:", type="tertiary")
keys.show_issued()
keys.show_list(shop, list_keys(shop, actor))
keys.CREATE.show()
keys.ROTATE.show()
keys.REVOKE.show()
