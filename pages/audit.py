"""Audit log: who did what to what, and when. Nobody can change it."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.audit import log as audit_log
from pages.components.audit import view
from pages.components.ui import empty, tables
from pages.components.ui.columns import pick_columns
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table

actor = require(Permission.VIEW_AUDIT)
shop = current_shop()

st.title("Audit log")
st.caption("Every change with its author. Entries cannot be changed.")
wanted = view.pick_filter(shop, actor)
columns = pick_columns(view.AUDIT_COLUMNS, "audit")
pager = tables.Pager("audit", wanted, sized=True)
page = audit_log.list_entries(shop, actor, wanted, limit=pager.rows, cursor=pager.cursor)
if page.entries:
    show_table(view.entry_table(shop, page.entries, columns), "audit")
else:
    empty.nothing(":material/policy:", "No entries", "Choose another month, or clear the filters.")
if page.note:
    st.caption(page.note)
pager.show(page.cursor)
