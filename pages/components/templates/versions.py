"""The versions of a template: who published what and when, what changed, and the way back."""

from __future__ import annotations

import streamlit as st

from backend.domain.emails import TemplateVersion
from backend.domain.team import Actor, Permission
from backend.domain.templates import TemplateState
from backend.services.context import Shop
from backend.services.templates import versions as template_versions
from backend.services.templates.versions import PublishedVersion
from pages.components.templates import publishing
from pages.components.ui import empty, formats
from pages.components.ui.caching import who
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop

_AT_ONCE = 20


def show(shop: Shop, actor: Actor, state: TemplateState) -> None:
    """The list, newest first."""
    versions = template_versions.list_versions(shop, state.facts.name)
    if len(versions) == 1:
        empty.nothing(
            ":material/history:",
            "No versions yet",
            "The Tillpost default is in use. Edit and publish it: every version is kept here.",
        )
    shown = versions
    if len(versions) > _AT_ONCE and not st.toggle(f"Show all {len(versions)} versions", key="all_versions"):
        shown = versions[:_AT_ONCE]
    for published in shown:
        _show_version(shop, actor, state, published)
    publishing.show_dialogs()


def _show_version(shop: Shop, actor: Actor, state: TemplateState, published: PublishedVersion) -> None:
    version = published.version
    with st.container(border=True, gap="xsmall", key=f"version_{version.number}"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(_heading(version, state), width="content")
            if version.number != state.number and actor.may(Permission.EDIT_TEMPLATES):
                st.button(
                    "Restore",
                    key=f"restore_{version.number}",
                    icon=":material/history:",
                    on_click=_open_restoring,
                    args=(version, state.number),
                )
        st.markdown(f":gray[{formats.plain(_who_and_when(shop, version))}]")
        if version.note:
            st.text(version.note)
        if published.difference:
            with st.expander("What changed", icon=":material/difference:"):
                publishing.show_difference(published.difference)
        with st.expander("Full text", icon=":material/description:"):
            _show_source(version)


def _heading(version: TemplateVersion, state: TemplateState) -> str:
    in_use = f" {formats.badge('In use', 'green', ':material/check:')}" if version.number == state.number else ""
    return f"**Version {version.number}**{in_use}"


def _who_and_when(shop: Shop, version: TemplateVersion) -> str:
    if version.published_at is None:
        return "Tillpost default"
    return f"{who(version.published_by)}, {formats.moment(shop, version.published_at)}"


def _show_source(version: TemplateVersion) -> None:
    source = version.source
    st.text(f"Subject: {source.subject.strip()}\nPreheader: {source.preheader.strip()}")
    st.code(source.body, language="xml", wrap_lines=True, height=360)
    if source.text:
        st.code(source.text, language=None, wrap_lines=True, height=200)


def _open_restoring(version: TemplateVersion, number: int) -> None:
    require(Permission.EDIT_TEMPLATES)
    publishing.open_restoring(current_shop(), version, number)
