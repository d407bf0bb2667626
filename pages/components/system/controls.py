"""What engineers and admins switch for the whole shop: maintenance, and features."""

from __future__ import annotations

import streamlit as st

from backend.domain.switches import Switch
from backend.domain.team import Actor, Role
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.switches import saved
from backend.services.system import maintenance
from backend.services.team.members import members_of, names_of_actors
from pages.components.ui import formats
from pages.components.ui.forms import Form
from pages.components.ui.shell import refuse
from pages.components.ui.state import NOTICE


def show_maintenance(shop: Shop, actor: Actor) -> None:
    """Whether there is maintenance, and the way in or out."""
    with st.container(border=True):
        st.header("Maintenance", anchor=False)
        found = maintenance.current(shop)
        if found is None:
            _begin(shop, actor)
            return
        st.warning(f"On since {formats.moment(shop, found.since)}: {formats.plain(found.reason)}")
        if st.button("End maintenance", icon=":material/play_arrow:", type="primary"):
            maintenance.end(shop, actor)
            _done("Maintenance has ended. Everything goes on within a few seconds.")


def _begin(shop: Shop, actor: Actor) -> None:
    st.caption(
        "Pages show your reason instead of their content, the API refuses changes, and workers pause. Engineers and "
        "admins still see all pages."
    )
    form = Form("maintenance")
    with form.area():
        reason = st.text_input(
            "Reason", placeholder="Back at 22:00.", max_chars=200, key=form.key("reason"), persist_state="session"
        )
        pressed = form.pressed("Begin maintenance", icon=":material/construction:", stretch=False)
    if pressed:
        try:
            maintenance.begin(shop, actor, reason)
        except BackendError as error:
            refuse(error.sentence)
            return
        form.done()
        _done("Maintenance begins in every process within a few seconds.")


def show_switches(shop: Shop, actor: Actor) -> None:
    """Every feature that can be switched, and for whom it is on."""
    names = names_of_actors(shop)
    members = [member.username for member in members_of(shop)]
    for feature, switch in saved.all_switches(shop, actor):
        form = Form(f"switch_{feature.name.replace('-', '_')}")
        with st.container(border=True), form.area():
            st.header(formats.plain(feature.title), anchor=False)
            st.caption(formats.plain(feature.purpose))
            on = st.toggle("On", switch.on, key=form.key("on"), persist_state="session")
            st.caption("For everyone, unless you choose roles, members or a share.")
            roles = st.multiselect(
                "Roles",
                list(Role),
                switch.roles,
                format_func=str.capitalize,
                key=form.key("roles"),
                persist_state="session",
            )
            known = [name for name in switch.members if name in members]
            chosen = st.multiselect(
                "Members",
                members,
                known,
                format_func=lambda name: formats.plain(names[name]),
                key=form.key("members"),
                persist_state="session",
            )
            share = st.number_input(
                "Share of members (%)", 0, 100, switch.share, key=form.key("share"), persist_state="session"
            )
            pressed = form.pressed("Save", icon=":material/save:", stretch=False)
        if pressed:
            after = Switch(on, tuple(roles), tuple(chosen), share)
            saved.save_switch(shop, actor, feature, after)
            form.done()
            _done(f"{feature.title}: on for {after.audience}, within a few seconds.")


def _done(sentence: str) -> None:
    NOTICE.set(sentence)
    st.rerun()
