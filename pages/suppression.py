"""Suppression list: addresses that get no mail, or no marketing mail, and why."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components.suppression import account, entries, files
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Suppression list", width="content")
    if actor.may(Permission.MANAGE_SUPPRESSION):
        entries.ADD.opener("Add an address", "", icon=":material/add:", primary=True)
st.caption("Addresses on this list get no mail, or no marketing mail. Checked before every email.")
entries.look_up(shop, actor)
entries.show_list(shop, actor)
account.show(shop, actor)
files.show(shop, actor)
entries.ADD.show()
entries.ENTRY.show()
