"""One automation: its steps, dry run, figures, waiting triggers and changes."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import NotFoundError
from backend.services.automations import saved
from pages.components.automations import builder, draft, head, views
from pages.components.ui import empty, filters
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

_BUILD, _TRY, _FIGURES, _WAITING, _CHANGES = "steps", "dry-run", "figures", "waiting", "changes"
_WORDS = {_BUILD: "Steps", _TRY: "Dry run", _FIGURES: "Figures", _WAITING: "Waiting", _CHANGES: "Changes"}

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

st.page_link(page_of("automations.py"), label="All automations", icon=":material/arrow_back:", help="")
wanted = st.query_params.get("id", "")
if not wanted:
    head.show_new(shop, actor)
    st.stop()
try:
    stored = saved.get_automation(shop, wanted)
except NotFoundError:
    empty.nothing(
        ":material/bolt:",
        "This automation does not exist",
        "It may have been deleted. Find it in the list of automations.",
    )
    st.stop()

head.show(shop, actor, stored)
parts = [_BUILD, _TRY, _FIGURES, _WAITING] if actor.may(Permission.EDIT_AUTOMATIONS) else [_FIGURES, _TRY, _WAITING]
if actor.may(Permission.VIEW_AUDIT):
    parts.append(_CHANGES)
part = filters.pick_view("View", parts, name="view", key=f"part_{stored.id}", words=_WORDS.__getitem__, hidden=True)
if part == _BUILD:
    if builder.show(shop, stored, saved.change_automation, "Saved."):
        st.rerun()
elif part == _TRY:
    views.show_dry_run(shop, actor, draft.draft_of(stored).now)
elif part == _FIGURES:
    views.show_figures(shop, stored)
elif part == _WAITING:
    views.show_waiting(shop, actor, stored)
else:
    views.show_changes(shop, actor, stored)
