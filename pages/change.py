"""One change: what it touched, before and after, and undoing it."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import InvalidInputError, NotFoundError
from backend.services.changes.reading import get_change, list_entries
from pages.components.changes import undo, view
from pages.components.ui import empty, tables
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.table import show_table

actor = require(Permission.VIEW_CUSTOMERS)
shop = current_shop()

st.page_link(page_of("changes.py"), label="All changes", icon=":material/arrow_back:", help="")
try:
    change = get_change(shop, actor, st.query_params.get("id", ""))
except (NotFoundError, InvalidInputError) as error:
    empty.nothing(":material/difference:", "This change cannot be shown", error.sentence)
    st.stop()

view.show_head(shop, change)
if actor.may(change.needs):
    undo.offer(change)
else:
    st.caption(f"To undo it, somebody must be allowed to {change.needs}.")
pager = tables.Pager("change", change.id, sized=True)
entries, following = list_entries(shop, actor, change.id, limit=pager.rows, cursor=pager.cursor)
if entries:
    show_table(view.entry_table(shop, entries), "change")
else:
    empty.nothing(":material/difference:", "Nothing was changed", "The change was interrupted before it began.")
pager.show(following)
undo.DIALOG.show()
