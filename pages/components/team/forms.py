"""The forms with which an admin adds and changes members of the team."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from backend.domain.team import Actor, Member, Role
from backend.errors import BackendError
from backend.services.sending import by_hand
from backend.services.sending.requests import new_click_key
from backend.services.team import members as team
from backend.services.team import password_links, second_factor
from pages.components.sending import invitation
from pages.components.team import devices
from pages.components.ui.formats import plain
from pages.components.ui.forms import Form
from pages.components.ui.shell import current_shop, mailer, settings
from pages.components.ui.state import NOTICE, Slot

_LINK: Slot[tuple[str, str]] = Slot("team.password_link")
_ROLES = list(Role)
_EXPLAINED = {
    Role.MANAGER: "Manager: figures, customers, campaigns, automations, refunds, exports",
    Role.STAFF: "Staff: customers, orders, emails, campaigns, refunds, imports",
    Role.ENGINEER: "Engineer: sees everything, imports and exports, watches the system",
    Role.ADMIN: "Admin: everything, and the team",
}


def add_form(actor: Actor, *, with_password: bool) -> None:
    """Raises: what `team.add_member` raises."""
    form = Form("add_member")
    with form.area(), st.container(border=True):
        left, right = st.columns(2)
        with left:
            name = _line(form, "Name", "name", 200)
            username = _line(form, "Username", "username", 40)
        with right:
            email = _line(form, "Email address", "email", 320)
            role = st.selectbox(
                "Role",
                _ROLES,
                index=_ROLES.index(Role.STAFF),
                format_func=_EXPLAINED.__getitem__,
                key=form.key("role"),
                persist_state="session",
            )
        invited = st.checkbox(
            "Send an invitation by email",
            value=True,
            help="It contains the sign-in link and the username.",
            key=form.key("invited"),
            persist_state="session",
        )
        pressed = form.pressed("Add", icon=":material/person_add:", stretch=False)
    if pressed:
        member = team.add_member(current_shop(), actor, username=username, name=name, email=email, role=role)
        form.done()
        if with_password:
            _make_link(actor, member)
        sentence = f"{member.name} is in the team with the username {member.username}."
        _done(f"{sentence} {_invite(actor, member)}" if invited else sentence)


def _line(form: Form, label: str, field: str, longest: int) -> str:
    return st.text_input(label, autocomplete="off", max_chars=longest, key=form.key(field), persist_state="session")


def _invite(actor: Actor, member: Member) -> str:
    """Asks for the invitation; the member stays, also when it fails. Returns what happened, as a sentence."""
    try:
        by_hand.invite_member(current_shop(), mailer(), actor, member.username, new_click_key())
    except BackendError as error:
        return f"The invitation could not be sent: {error.sentence}"
    return "An invitation is on its way."


def change_forms(actor: Actor, members: Sequence[Member]) -> None:
    """Raises: what the services raise."""
    names = {member.username: member for member in members}
    chosen = st.selectbox(
        "Member", list(names), index=None, placeholder="Choose a member", format_func=lambda key: plain(names[key].name)
    )
    if chosen is None:
        st.caption("Choose a member to change their role or password, or to deactivate them.")
        return
    member = names[chosen]
    _role_form(actor, member)
    if settings().auth_mode == "password":
        _password_form(actor, member)
    _access_buttons(actor, member)
    if member.has_second_factor:
        _second_factor_button(actor, member)
    if member.username != actor.username:
        devices.show_of(actor, member)
    if not member.disabled:
        with st.container(border=True):
            invitation.show_button(current_shop(), member)


def _role_form(actor: Actor, member: Member) -> None:
    with st.form(f"role_{member.username}"):
        role = st.selectbox("Role", _ROLES, index=_ROLES.index(member.role), format_func=_EXPLAINED.__getitem__)
        st.caption("Changing the role signs them out; it applies at the next sign-in.")
        pressed = st.form_submit_button("Change role", icon=":material/badge:")
    if pressed and role is not member.role:
        team.change_role(current_shop(), actor, member.username, role, version=member.version)
        _done(f"{member.name} is {role.value} now.")


def _password_form(actor: Actor, member: Member) -> None:
    help_text = "With the link they set a password themselves. It works once, and replaces an earlier link."
    if member.username != actor.username and st.button("Link to set a password", icon=":material/key:", help=help_text):
        _make_link(actor, member)
        st.rerun()


def _make_link(actor: Actor, member: Member) -> None:
    link = password_links.make_link(current_shop(), actor, member.username, settings().public_url)
    _LINK.set((member.name, link))


def show_link() -> None:
    """The link that was made last, until it was handed over: it is nowhere else."""
    if (made := _LINK.get()) is None:
        return
    with st.container(border=True):
        st.markdown(plain(f"Give {made[0]} this link. It works once, for three days, and is not shown again."))
        st.code(made[1], language=None, wrap_lines=True)
        st.button("Done", icon=":material/check:", on_click=_LINK.clear)


def _access_buttons(actor: Actor, member: Member) -> None:
    with st.container(horizontal=True):
        if member.disabled and st.button("Reactivate", icon=":material/lock_open:"):
            team.enable(current_shop(), actor, member.username, version=member.version)
            _done(f"{member.name} can sign in again.")
        if not member.disabled and st.button(
            "Deactivate", icon=":material/block:", help="You can reactivate them later."
        ):
            team.disable(current_shop(), actor, member.username, version=member.version)
            _done(f"{member.name} is signed out and can no longer sign in.")


def _second_factor_button(actor: Actor, member: Member) -> None:
    help_text = "For a lost device. They are signed out, and sign in by password alone until they set up a new one."
    if st.button("Reset second factor", icon=":material/phonelink_erase:", help=help_text):
        second_factor.reset(current_shop(), actor, member.username)
        _done(f"{member.name} has no second factor now, and is signed out everywhere.")


def _done(sentence: str) -> None:
    NOTICE.set(sentence)
    st.rerun()
