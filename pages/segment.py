"""One segment: who belongs, built from conditions; a new one, or a copy of another."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import NotFoundError
from pages.components.segments import age, builder, head, view
from pages.components.segments.draft import draft_of
from pages.components.segments.opening import opened
from pages.components.ui import empty, formats, keystrokes
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop, name_tab

actor = require(Permission.VIEW_CUSTOMERS)
shop = current_shop()

st.page_link(page_of("segments.py"), label="All segments", icon=":material/arrow_back:", help="")
try:
    segment, new = opened(shop)
except NotFoundError:
    empty.nothing(
        ":material/filter_alt_off:",
        "This segment does not exist",
        "It may have been deleted. Find it in the list of segments.",
    )
    st.stop()

st.title("New segment" if new else formats.plain(segment.name), anchor=False)
name_tab("New segment" if new else segment.name, "Segments")
if segment.text and not new:
    st.caption(formats.plain(segment.text))
if not new:
    head.show_links(shop, actor, segment)
info = age.require(shop)

editable = actor.may(Permission.EDIT_SEGMENTS) and not segment.ready
draft = draft_of(segment, new=new) if editable else None
with keystrokes.area(head.SAVE):
    rule = builder.show(shop, draft) if draft else segment.rule
    preview = view.show(shop, rule) if rule is not None else None
    age.show(shop, info)
    if draft:
        head.show_saving(shop, draft, rule, segment)
if not draft and segment.ready and actor.may(Permission.EDIT_SEGMENTS):
    st.caption("Built-in segment. Duplicate it to change it.")
if preview is not None:
    view.show_people(shop, preview, segment.id)
