"""Segments: groups of customers, saved and ready ones, with how many belong to each."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.segments.library import list_segments
from backend.services.segments.ready import READY
from pages.components import empty, segment_age, segment_list
from pages.components.guard import require
from pages.components.navigation import page_of
from pages.components.shell import shop

actor = require(Permission.VIEW_CUSTOMERS)
here = shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Segments", width="content")
    if actor.may(Permission.EDIT_SEGMENTS):
        st.page_link(page_of("segment.py"), label="New segment", icon=":material/add:", help="")
info = segment_age.require(here)
segment_age.show(here, info)

st.header("Your segments", anchor=False)
saved = list_segments(here, actor)
if saved:
    segment_list.show(here, saved)
else:
    empty.nothing(
        ":material/filter_alt:",
        "No segments yet",
        "Create one with “New segment”, or open one below and duplicate it.",
    )
st.header("Built-in segments", anchor=False)
segment_list.show(here, READY)
