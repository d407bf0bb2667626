"""The parts of the audit log's page: its filters, its rows, and the file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from backend.domain.audit import AuditEntry
from backend.domain.changes import KEPT
from backend.domain.team import Actor
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.context import Shop
from backend.services.list_exports import export_audit_log
from pages.components.ui import filters, formats
from pages.components.ui.caching import who
from pages.components.ui.columns import Columns, Offered, usual
from pages.components.ui.downloads import offer_export
from pages.components.ui.table import Badge, Cell, Column, Row, Table

_PAGES = {
    "automation": ("automation.py", "id"),
    "campaign": ("campaign.py", "id"),
    "change": ("change.py", "id"),
    "customer": ("customer.py", "id"),
    "message": ("message.py", "id"),
    "order": ("order.py", "id"),
    "segment": ("segment.py", "id"),
    "template": ("template.py", "name"),
}
"""What is before the colon of a target, with the page that shows it and the parameter that names it."""
AUDIT_COLUMNS: tuple[Offered[AuditEntry], ...] = (
    Offered("action", Column("Action", "main"), lambda _, entry: Cell(entry.action)),
    Offered("who", Column("Who", width=190), lambda _, entry: Cell(who(entry.actor), (Badge(entry.role),))),
    Offered("detail", Column("Detail"), lambda _, entry: Cell(entry.detail, quiet=True)),
    Offered("target", Column("Target", width=170, room="wide"), lambda _, entry: Cell(entry.target, quiet=True)),
    Offered("username", Column("Username", width=150), lambda _, entry: Cell(entry.actor, quiet=True), usual=False),
    Offered("when", Column("When", width=190), lambda shop, entry: Cell(formats.moment(shop, entry.at), quiet=True)),
)
_USUAL = usual(AUDIT_COLUMNS)
_NOTHING_TO_OPEN = ("deleted", "exported")
"""Entries whose target is gone, or is named by its title."""


def pick_filter(shop: Shop, actor: Actor) -> AuditFilter:
    """Renders the choice of a month and the fields that narrow it, and the way to a file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        month = filters.pick_one(
            "Month",
            audit_log.months_until_now(shop),
            name="month",
            key="audit_month",
            words=lambda text: formats.month(shop, date.fromisoformat(f"{text}-01")),
            help="Months of UTC.",
        )
        who = filters.text("Who", "Username", name="who", key="audit_who", longest=80, width=170)
        action = filters.text("Action", "Such as campaign", name="action", key="audit_action", longest=80, width=190)
        target = filters.text("Target", "Such as template", name="target", key="audit_target", longest=120, width=190)
        wanted = AuditFilter(month, who.strip(), action.strip(), target.strip())
        offer_export(shop, actor, "audit log", lambda who, to, kind: export_audit_log(shop, who, to, kind, wanted))
    return wanted


def entry_table(shop: Shop, entries: Sequence[AuditEntry], columns: Columns[AuditEntry] = _USUAL) -> Table:
    """One row for each entry, which opens what was changed, where that has a page of its own."""
    rows = []
    for place, entry in enumerate(entries):
        file, query = _subject(shop, entry)
        rows.append(Row(str(place), columns.cells(shop, entry), query, file))
    return Table("Changes", columns.heads, rows, choice=columns.choice)


def _subject(shop: Shop, entry: AuditEntry) -> tuple[str, dict[str, str] | None]:
    """The page of the recorded change, while it is kept; else that of what was changed; and its parameters."""
    if entry.change and shop.clock() < entry.at + KEPT:
        return "change.py", {"id": entry.change}
    kind, _, name = entry.target.partition(":")
    if kind not in _PAGES or not name or entry.action.startswith(_NOTHING_TO_OPEN):
        return "", None
    file, field = _PAGES[kind]
    if kind != "order":
        return file, {field: name}
    customer, _, order = name.partition("-")
    return file, {"customer": customer, field: order}
