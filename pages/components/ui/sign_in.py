"""What somebody sees who is not signed in: the form, or the creation of the first admin, or the provider's button."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Member
from backend.errors import BackendError
from backend.services.team import first_admin, password_links, sessions, sign_in
from backend.services.team.members import demo_sign_ins, team_is_empty
from backend.services.team.sign_in_attempts import Refused
from pages.components.ui import cookie, session
from pages.components.ui.client import client_address
from pages.components.ui.formats import plain
from pages.components.ui.shell import current_shop, policy, refuse, settings
from pages.components.ui.state import NOTICE, Slot, forget_everything

_STEP: Slot[sign_in.SecondStep] = Slot("second_step")
"""Between the password and the code. It is kept here on the server, and opens nothing."""


def show() -> None:
    """Renders the sign-in in the middle of an otherwise empty page."""
    cookie.deliver()
    _, middle, _ = st.columns([1, 2, 1])
    with middle:
        st.title(plain(current_shop().name))
        if notice := NOTICE.get():
            st.info(plain(notice), icon=":material/info:")
        token = st.query_params.get(password_links.PARAMETER, "")
        waits_for_link = bool(token) and settings().auth_mode == "password" and _STEP.get() is None
        member = password_links.member_of_link(current_shop(), token) if waits_for_link else None
        if waits_for_link and member is None:
            refuse(password_links.OVER)
        if member is not None:
            _link_form(member, token)
        elif team_is_empty(current_shop()):
            _first_admin_form()
        elif settings().auth_mode == "oidc":
            _provider_button()
        elif step := _STEP.get():
            _code_form(step)
        else:
            _password_form()
            _demo_hint()


def _password_form() -> None:
    with st.form("sign_in"):
        st.header("Sign in")
        username = st.text_input("Username", autocomplete="username", max_chars=200)
        password = st.text_input("Password", type="password", autocomplete="current-password", max_chars=200)
        pressed = st.form_submit_button("Sign in", type="primary", icon=":material/login:", width="stretch")
    if pressed:
        _go_on(sign_in.sign_in(current_shop(), policy(), username, password, client_address()))
    st.caption("Forgot your password? An admin of your shop can give you a link to set a new one.")


def _go_on(result: sessions.Session | sign_in.SecondStep | Refused) -> None:
    if isinstance(result, sessions.Session):
        session.begin(result)
    elif isinstance(result, sign_in.SecondStep):
        forget_everything()
        _STEP.set(result)
        st.rerun()
    else:
        refuse(result.sentence)


def _link_form(member: Member, token: str) -> None:
    with st.form("set_password"):
        st.header("Set your password")
        st.caption(plain(f"For {member.name}, username {member.username}, {member.email}. At least 12 characters."))
        new = st.text_input("New password", type="password", autocomplete="new-password", max_chars=200)
        again = st.text_input("Confirm new password", type="password", autocomplete="new-password", max_chars=200)
        pressed = st.form_submit_button("Set password", type="primary", icon=":material/key:", width="stretch")
    if pressed and new != again:
        refuse("The two passwords differ.")
    elif pressed:
        try:
            result = sign_in.set_password_by_link(current_shop(), policy(), token, new, client_address())
        except BackendError as error:
            refuse(error.sentence)
            return
        _go_on(result)


def _code_form(step: sign_in.SecondStep) -> None:
    with st.form("second_factor"):
        st.header("Enter your code")
        st.caption("The newest code of your authenticator app, or one of your recovery codes.")
        code = st.text_input("Code", autocomplete="one-time-code", max_chars=40)
        pressed = st.form_submit_button("Continue", type="primary", icon=":material/login:", width="stretch")
    if pressed:
        result = sign_in.finish(current_shop(), policy(), step, code, client_address())
        if isinstance(result, sessions.Session):
            session.begin(result, confirmed=True)
        refuse(result.sentence)
    st.caption("Lost your device and your recovery codes? Another admin of your shop can reset your second factor.")
    st.button("Back to sign-in", icon=":material/arrow_back:", type="tertiary", on_click=_STEP.clear)


def _demo_hint() -> None:
    if sign_in.demo_is_open(current_shop(), policy(), client_address()):
        with st.expander("Demo sign-ins", icon=":material/science:"):
            st.caption("This is a demo shop with invented people. These sign-ins work only on this machine.")
            st.table(
                [{"Role": role, "Username": name, "Password": password} for name, password, role in demo_sign_ins()]
            )


def _provider_button() -> None:
    refusal = session.oidc_refusal()
    if refusal is not None:
        refuse(refusal.sentence)
        st.button("Use another account", on_click=st.logout, icon=":material/logout:")
    st.button("Sign in", type="primary", on_click=st.login, icon=":material/login:", width="stretch")


def _first_admin_form() -> None:
    with_password = settings().auth_mode == "password"
    with st.form("first_admin"):
        st.header("Create the first admin")
        st.caption("No team members yet. Enter the set-up code that the server printed when it started.")
        code = st.text_input("Set-up code", autocomplete="off", max_chars=40)
        name = st.text_input("Your name", autocomplete="name")
        email = st.text_input("Your email address", autocomplete="email")
        username = st.text_input("Username", autocomplete="username")
        password = (
            st.text_input("Password", type="password", autocomplete="new-password", help="At least 12 characters.")
            if with_password
            else None
        )
        pressed = st.form_submit_button("Create", type="primary", width="stretch")
    if pressed:
        _create_first_admin(code, name, email, username, password)


def _create_first_admin(code: str, name: str, email: str, username: str, password: str | None) -> None:
    try:
        member = first_admin.create_first_admin(
            current_shop(),
            policy(),
            code=code,
            username=username,
            name=name,
            email=email,
            password=password,
            client=client_address(),
        )
    except BackendError as error:
        refuse(error.sentence)
        return
    if settings().auth_mode == "password":
        session.begin(sessions.begin_session(current_shop(), member))
    st.rerun()
