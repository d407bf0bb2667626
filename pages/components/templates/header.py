"""The head of a template's page: what it is for, which version is in use, who is editing, and the way to send it."""

from __future__ import annotations

import streamlit as st

from backend.domain.emails import Need
from backend.domain.team import Actor, Permission
from backend.domain.templates import TemplateState
from backend.services.context import Shop
from pages.components.templates import gallery
from pages.components.ui import formats
from pages.components.ui.caching import who
from pages.components.ui.navigation import PAGES, page_of
from pages.components.ui.shell import name_tab


def show(here: Shop, actor: Actor, state: TemplateState) -> None:
    """Renders it."""
    st.title(formats.plain(state.facts.title), anchor=False)
    name_tab(state.facts.title, "Emails")
    version = f":gray[{formats.plain(gallery.version_words(here, state))}]"
    st.markdown(f"{gallery.kind_badge(state.facts.kind)} {version}")
    st.caption(formats.plain(state.facts.purpose))
    if state.edited_by and state.edited_at is not None:
        when = formats.moment(here, state.edited_at)
        st.caption(f":material/edit: {formats.plain(f'{who(state.edited_by)} is editing this. Last saved {when}.')}")
    sendable = Need.CUSTOMER in state.facts.needs and actor.may(Permission.SEND_EMAIL)
    if sendable and any(entry.file == "send.py" and entry.path.exists() for entry in PAGES):
        st.page_link(
            page_of("send.py"),
            label="Send to a customer",
            icon=":material/send:",
            help="",
            query_params=_query(state.facts.name),
        )


def _query(template: str) -> dict[str, str]:
    """The template, and whom the page was opened for."""
    chosen = {name: st.query_params.get(name, "") for name in ("customer", "order")}
    return {"template": template, **{name: value for name, value in chosen.items() if value}}
