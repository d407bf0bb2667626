"""One segment: who belongs, built from conditions; a new one, or a copy of another."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import NotFoundError
from pages.components import actions, empty, formats, segment_age, segment_builder, segment_head, segment_view
from pages.components.guard import require
from pages.components.navigation import page_of
from pages.components.segment_draft import draft_of
from pages.components.segment_opening import opened
from pages.components.shell import shop

actor = require(Permission.VIEW_CUSTOMERS)
here = shop()

st.page_link(page_of("segments.py"), label="All segments", icon=":material/arrow_back:", help="")
try:
    segment, new = opened(here)
except NotFoundError:
    empty.nothing(
        ":material/filter_alt_off:",
        "This segment does not exist",
        "It may have been deleted. Find it in the list of segments.",
    )
    st.stop()

st.title("New segment" if new else formats.plain(segment.name), anchor=False)
if segment.text and not new:
    st.caption(formats.plain(segment.text))
actions.show_refusal()
if not new:
    segment_head.show_links(here, actor, segment)
info = segment_age.require(here)

editable = actor.may(Permission.EDIT_SEGMENTS) and not segment.ready
draft = draft_of(segment, new=new) if editable else None
rule = segment_builder.show(here, draft) if draft else segment.rule
preview = segment_view.show(here, rule) if rule is not None else None
segment_age.show(here, info)
if draft:
    segment_head.show_saving(here, draft, rule, segment)
elif segment.ready and actor.may(Permission.EDIT_SEGMENTS):
    st.caption("Built-in segment. Duplicate it to change it.")
if preview is not None:
    segment_view.show_people(here, preview, segment.id)
