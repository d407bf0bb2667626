"""One template: how it looks to whom, its text, and its versions."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import NotFoundError
from backend.services.templates import catalogue
from pages.components.templates import editor, preview, publishing, versions
from pages.components.ui import empty, filters
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

st.page_link(page_of("emails.py"), label="All emails", icon=":material/arrow_back:", help="")
try:
    state = catalogue.state_of(shop, st.query_params.get("name", ""))
except NotFoundError:
    empty.nothing(
        ":material/mail:", "This email does not exist", "It may have been deleted. Find it in the list of emails."
    )
    st.stop()

publishing.show_head(shop, actor, state)
parts = ["preview", "edit", "versions"] if actor.may(Permission.EDIT_TEMPLATES) else ["preview", "versions"]
part = filters.pick_view(
    "View", parts, name="view", key=f"template_part_{state.facts.name}", words=str.capitalize, hidden=True
)
if part == "edit":
    editor.show(shop, actor, state)
elif part == "versions":
    versions.show(shop, actor, state)
else:
    preview.show(shop, actor, state)
