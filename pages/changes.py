"""Changes: what was done in the last 30 days, by whom, and to how many things. A row opens the change."""

from __future__ import annotations

import streamlit as st

from backend.domain.changes import KEPT
from backend.domain.team import Permission
from backend.services.changes.reading import list_changes
from pages.components.changes import view
from pages.components.ui import empty, filters, tables
from pages.components.ui.guard import require
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table

actor = require(Permission.VIEW_CUSTOMERS)
shop = current_shop()

st.title("Changes")
sees_all = actor.may(Permission.VIEW_AUDIT)
whose = "All changes" if sees_all else "Your changes"
st.caption(f"{whose} of the last {KEPT.days} days. Open one to see before and after, and to undo it.")
by = filters.text("Username", "Such as sam", name="by", key="changes_by", longest=80, width=170) if sees_all else ""
pager = tables.Pager("changes", by, sized=True)
page = list_changes(shop, actor, by=by.strip(), limit=pager.rows, cursor=pager.cursor)
if page.changes:
    show_table(view.change_table(shop, page.changes), "changes")
elif by:
    empty.nothing(":material/search_off:", "No changes by this person", "Clear the field to see all changes.")
else:
    empty.nothing(
        ":material/difference:",
        "No changes yet",
        "When customers, orders or products are edited, you can undo it here.",
    )
pager.show(page.cursor)
