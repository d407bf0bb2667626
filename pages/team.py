"""The team: who may sign in, and as what. For admins."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.errors import BackendError
from backend.services.team import members as team
from pages.components.team import forms
from pages.components.ui import filters, guard, second_factor
from pages.components.ui.shell import current_shop, refuse, settings

actor = guard.require(Permission.MANAGE_TEAM)
st.title("Team")
if not second_factor.confirmed(actor, "team"):
    st.stop()
forms.show_link()
members = team.list_members(current_shop(), actor)
st.dataframe(
    [
        {
            "Username": member.username,
            "Name": member.name,
            "Email address": member.email,
            "Role": member.role.value.capitalize(),
            "Since": member.created_at.astimezone(current_shop().zone).date(),
            "Second factor": member.has_second_factor,
            "Active": not member.disabled,
        }
        for member in members
    ],
    hide_index=True,
    column_config={"Since": st.column_config.DateColumn(format="localized")},
    width="stretch",
)
add, change = filters.tabs({"add": "Add a member", "change": "Change a member"}, name="form", key="team_tabs")
try:
    with add:
        forms.add_form(actor, with_password=settings().auth_mode == "password")
    with change:
        forms.change_forms(actor, members)
except BackendError as error:
    refuse(error.sentence)
