"""The second factor on pages: asked for again before what matters, set up and turned off by members themselves."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backend.domain.team import Actor, Member
from backend.errors import BackendError
from backend.services.team import second_factor
from backend.services.team.members import find_member
from backend.services.team.sign_in_attempts import Refused
from pages.components.ui import session
from pages.components.ui.client import client_address
from pages.components.ui.shell import current_shop, policy, refuse
from pages.components.ui.state import NOTICE, Slot

_SECRET: Slot[str] = Slot("second_factor.secret")
_CODES: Slot[tuple[str, ...]] = Slot("second_factor.codes")
_HELP = "The newest code of your authenticator app, or one of your recovery codes."


def confirmed(actor: Actor, key: str) -> bool:
    """Whether this may go on; otherwise the field for a code is drawn here, with this key."""
    if actor.confirmed:
        return True
    with st.form(f"confirm_{key}", border=False):
        st.caption("Confirm that it is you. You are asked once in ten minutes.")
        code = _code_field()
        pressed = st.form_submit_button("Confirm", icon=":material/shield_lock:", type="primary")
    if pressed:
        refused = session.confirm(actor, code)
        if refused is None:
            st.rerun()
        refuse(refused.sentence)
    return False


def confirmed_to_export(actor: Actor, key: str, label: str) -> bool:
    """As `confirmed`, where there is room for no more than the button with this label."""
    if actor.confirmed:
        return True
    with st.popover(label, icon=":material/shield_lock:"):
        return confirmed(actor, key)


def takes_the_page(actor: Actor) -> bool:
    """Draws, in place of every page, what has to come first: recovery codes to be kept, or a factor to be set up."""
    if codes := _CODES.get():
        st.title("Your recovery codes")
        _show_codes(codes)
        return True
    member = None if actor.confirmed else find_member(current_shop(), actor.username)
    if member is None or not second_factor.is_missing(policy(), member):
        return False
    st.title("Set up a second factor")
    st.caption("Your shop asks for one before you go on.")
    _set_up(actor, member)
    return True


def show(actor: Actor) -> None:
    """The part of the page about one's own account."""
    member = find_member(current_shop(), actor.username)
    if member is None or member.demo:
        return
    with st.container(border=True):
        st.header("Second factor")
        if member.has_second_factor:
            _manage(actor, member)
        elif _SECRET.get() is None:
            st.caption("A code of an authenticator app, asked for after your password and before what matters most.")
            st.button("Set up", icon=":material/phonelink_lock:", on_click=_begin)
        else:
            _set_up(actor, member)


def _begin() -> None:
    _SECRET.set(second_factor.new_secret())


def _set_up(actor: Actor, member: Member) -> None:
    secret = _SECRET.once(second_factor.new_secret)
    picture, words = st.columns([1, 2], vertical_alignment="center")
    with picture:
        st.image(
            second_factor.picture_of(current_shop(), member, secret), width=240, alt="QR code for an authenticator app"
        )
    with words:
        st.markdown("1. Scan the picture with an authenticator app, or enter this key there.")
        st.code(secret, language=None, wrap_lines=True)
        st.markdown("2. Enter your password and the code that the app shows.")
    with st.form("set_up_second_factor", border=False):
        password = st.text_input("Password", type="password", autocomplete="current-password", max_chars=200)
        code = st.text_input("Code", autocomplete="one-time-code", max_chars=10)
        pressed = st.form_submit_button("Turn on", icon=":material/phonelink_lock:", type="primary")
    if pressed:
        _finish(
            lambda: second_factor.turn_on(current_shop(), policy(), actor, secret, password, code, client_address()),
            "Your second factor is on.",
        )


def _show_codes(codes: tuple[str, ...]) -> None:
    st.markdown("Keep these where you find them without your device. Each works once, and they are not shown again.")
    st.code("\n".join(codes), language=None)
    st.download_button(
        "Download",
        "\n".join(codes) + "\n",
        "tillpost-recovery-codes.txt",
        icon=":material/download:",
        on_click="ignore",
    )
    st.button("I have kept them", icon=":material/check:", type="primary", on_click=_CODES.clear)


def _manage(actor: Actor, member: Member) -> None:
    left = len(member.recovery_codes)
    st.caption(f"It is on. {left} of {second_factor.RECOVERY_CODES} recovery codes are left.")
    with st.form("second_factor", border=False, clear_on_submit=True):
        code = _code_field()
        with st.container(horizontal=True):
            renewed = st.form_submit_button("New recovery codes", icon=":material/refresh:")
            ended = st.form_submit_button("Turn off", icon=":material/lock_open:")
    if renewed:
        _finish(
            lambda: second_factor.renew_recovery_codes(current_shop(), policy(), actor, code, client_address()),
            "You have new recovery codes.",
        )
    if ended:
        _finish(
            lambda: second_factor.turn_off(current_shop(), policy(), actor, code, client_address()),
            "Your second factor is off.",
        )


def _code_field() -> str:
    return st.text_input("Code", autocomplete="one-time-code", max_chars=40, help=_HELP)


def _finish(act: Callable[[], tuple[str, ...] | Refused | None], done: str) -> None:
    try:
        result = act()
    except BackendError as error:
        refuse(error.sentence)
        return
    if isinstance(result, Refused):
        refuse(result.sentence)
        return
    _SECRET.clear()
    if result:
        _CODES.set(result)
        session.note_confirmed()
    NOTICE.set(done)
    st.rerun()
