"""One template: how it looks to whom, its text, and its versions."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import NotFoundError
from backend.services import templates
from pages.components import actions, email_preview, empty, formats, template_editor, template_header, template_versions
from pages.components.guard import require
from pages.components.navigation import page_of
from pages.components.shell import shop

_PREVIEW, _EDIT, _VERSIONS = "Preview", "Edit", "Versions"

actor = require(Permission.VIEW_EMAIL)
here = shop()

st.page_link(page_of("emails.py"), label="All emails", icon=":material/arrow_back:", help="")
try:
    state = templates.state_of(here, st.query_params.get("name", ""))
except NotFoundError:
    empty.nothing(
        ":material/mail:", "This email does not exist", "It may have been deleted. Find it in the list of emails."
    )
    st.stop()

actions.show_refusal()
template_header.show(here, actor, state)
part = st.segmented_control(
    "View",
    [_PREVIEW, _EDIT, _VERSIONS] if actor.may(Permission.EDIT_TEMPLATES) else [_PREVIEW, _VERSIONS],
    default=_PREVIEW,
    required=True,
    key=f"template_part_{state.facts.name}",
    label_visibility="collapsed",
    format_func=formats.legible(str),
)
if part == _EDIT:
    template_editor.show(here, actor, state)
elif part == _VERSIONS:
    template_versions.show(here, actor, state)
else:
    email_preview.show(here, actor, state)
