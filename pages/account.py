"""Your account: your name, your password, your second factor, and the devices on which you are signed in."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Actor, Member
from backend.errors import BackendError
from backend.services.team import members, sign_in
from backend.services.team.sessions import Session
from pages.components.team import devices
from pages.components.ui import guard, second_factor, session
from pages.components.ui.client import client_address
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop, policy, refuse, settings
from pages.components.ui.state import NOTICE


def _profile(actor: Actor, member: Member) -> None:
    facts = {"Username": member.username, "Role": member.role.value.capitalize(), "Email address": member.email}
    for column, (label, value) in zip(st.columns(3), facts.items(), strict=True):
        column.caption(label)
        column.text(value)
    form = Form("own_name", str(member.version))
    with form.area(), st.container(border=True):
        st.header("Name")
        name = st.text_input(
            "Your name", member.name, autocomplete="name", max_chars=200, key=form.key("name"), persist_state="session"
        )
        if form.pressed("Save", icon=":material/save:", stretch=False):
            try:
                members.rename(current_shop(), actor, actor.username, name, version=member.version)
            except BackendError as error:
                refuse(error.sentence)
            else:
                form.done()
                NOTICE.set("Name saved.")
                st.rerun()


def _password(actor: Actor) -> None:
    with st.form("password", clear_on_submit=True):
        st.header("Password")
        st.caption("At least 12 characters. Changing it signs you out on all other devices.")
        current = st.text_input("Current password", type="password", autocomplete="current-password")
        new = st.text_input("New password", type="password", autocomplete="new-password")
        again = st.text_input("Confirm new password", type="password", autocomplete="new-password")
        pressed = st.form_submit_button("Change password", icon=":material/key:")
    if pressed and new != again:
        st.error("The two new passwords differ.")
    elif pressed:
        try:
            result = sign_in.change_own_password(current_shop(), policy(), actor, current, new, client_address())
        except BackendError as error:
            refuse(error.sentence)
            return
        if isinstance(result, Session):
            session.begin(result, notice="Password changed. You are signed out on all other devices.")
        refuse(result.sentence)


actor = guard.require()
st.title("Your account")
member = members.find_member(current_shop(), actor.username)
if member is None:
    st.stop()
_profile(actor, member)
if settings().auth_mode == "password":
    _password(actor)
    second_factor.show(actor)
devices.show_own(actor, member)
