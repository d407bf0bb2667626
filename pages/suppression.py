"""Suppression list: addresses that get no mail, or no marketing mail, and why."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from pages.components import actions, suppression_account, suppression_files_view, suppression_view
from pages.components.guard import require
from pages.components.shell import shop

actor = require(Permission.VIEW_EMAIL)
here = shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Suppression list", width="content")
    if actor.may(Permission.MANAGE_SUPPRESSION):
        suppression_view.ADD.opener("Add an address", "", icon=":material/add:", primary=True)
st.caption("Addresses on this list get no mail, or no marketing mail. Checked before every email.")
actions.show_refusal()
suppression_view.look_up(here, actor)
suppression_view.show_list(here, actor)
suppression_account.show(here, actor)
suppression_files_view.show(here, actor)
suppression_view.ADD.show()
suppression_view.REMOVE.show()
