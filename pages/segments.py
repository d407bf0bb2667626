"""Segments: groups of customers, saved and ready ones, with how many belong to each."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.segments.library import list_segments
from backend.services.segments.ready import READY
from pages.components.segments import age, view
from pages.components.ui import empty
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_CUSTOMERS)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Segments", width="content")
    if actor.may(Permission.EDIT_SEGMENTS):
        st.page_link(page_of("segment.py"), label="New segment", icon=":material/add:", help="")
info = age.require(shop)
age.show(shop, info)

st.header("Your segments", anchor=False)
saved = list_segments(shop, actor)
if saved:
    view.show_list(shop, saved, "saved_segments")
else:
    empty.nothing(
        ":material/filter_alt:", "No segments yet", "Create one with “New segment”, or open one below and duplicate it."
    )
st.header("Built-in segments", anchor=False)
view.show_list(shop, READY, "built_in_segments")
