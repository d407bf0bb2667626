"""The parts of the audit log's page: its filters, its rows, and the file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from backend.domain.audit import AuditEntry
from backend.domain.team import Actor
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.context import Shop
from backend.services.exports.audit import export_csv
from pages.components.ui import filters, formats
from pages.components.ui.caching import who
from pages.components.ui.downloads import deferred
from pages.components.ui.navigation import page_of

_PAGES = {
    "automation": ("automation.py", "id"),
    "campaign": ("campaign.py", "id"),
    "customer": ("customer.py", "id"),
    "message": ("message.py", "id"),
    "order": ("order.py", "id"),
    "segment": ("segment.py", "id"),
    "template": ("template.py", "name"),
}
"""What stands before the colon of a target, with the page that shows it and the parameter that names it."""
_NOTHING_TO_OPEN = ("deleted", "exported")
"""Entries whose target is gone, or is named by its title."""


def pick_filter(here: Shop) -> AuditFilter:
    """Renders the choice of a month and the fields that narrow it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        month = filters.pick_one(
            "Month",
            audit_log.months_until_now(here),
            name="month",
            key="audit_month",
            words=lambda text: formats.month(here, date.fromisoformat(f"{text}-01")),
            help="Months of UTC.",
        )
        who = filters.text("Who", "Username", name="who", key="audit_who", longest=80, width=170)
        action = filters.text("Action", "Such as campaign", name="action", key="audit_action", longest=80, width=190)
        target = filters.text("Target", "Such as template", name="target", key="audit_target", longest=120, width=190)
    return AuditFilter(month, who.strip(), action.strip(), target.strip())


def show_entries(here: Shop, entries: Sequence[AuditEntry]) -> None:
    """One line for each entry; the detail below it."""
    with st.container(border=True, gap="small"):
        for entry in entries:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(_action(entry), width="stretch")
                # The way and the time stay together where the row is too narrow for them.
                with st.container(horizontal=True, vertical_alignment="center", wrap=False, width="content"):
                    _link(entry)
                    st.markdown(f":small[:gray[{formats.plain(_when(here, entry))}]]", width="content")


def _action(entry: AuditEntry) -> str:
    words = f"**{formats.plain(who(entry.actor))}** {formats.badge(entry.role, 'gray')} {formats.plain(entry.action)}"
    about = " · ".join(formats.plain(part) for part in (entry.detail, entry.target) if part)
    return f"{words}  \n:small[:gray[{about}]]" if about else words


def _link(entry: AuditEntry) -> None:
    """The way to what was changed, where it has a page of its own."""
    kind, _, name = entry.target.partition(":")
    if kind not in _PAGES or not name or entry.action.startswith(_NOTHING_TO_OPEN):
        return
    file, field = _PAGES[kind]
    query = {field: name}
    if kind == "order":
        customer, _, order = name.partition("-")
        query = {"customer": customer, field: order}
    st.page_link(page_of(file), label="Open", width="content", query_params=query, help="")


def _when(here: Shop, entry: AuditEntry) -> str:
    return formats.moment(here, entry.at)


def offer_file(here: Shop, actor: Actor, wanted: AuditFilter) -> None:
    """The button that makes a file of what is listed, when it is pressed."""
    st.download_button(
        "Download CSV",
        deferred(here, actor, lambda who: export_csv(here, who, wanted)),
        file_name=f"audit-{wanted.month}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
