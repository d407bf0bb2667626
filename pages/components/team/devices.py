"""The list of devices on which a member is signed in, each with a way to sign it out."""

from __future__ import annotations

import streamlit as st

from backend.domain.sessions import SignedIn
from backend.domain.team import Actor, Member
from backend.services.team import devices
from backend.services.team.members import end_sessions
from backend.services.team.sessions import Session
from pages.components.ui import session
from pages.components.ui.formats import badge, counted, moment, plain
from pages.components.ui.shell import current_shop, policy
from pages.components.ui.state import NOTICE

_SHOWN = 20


def show_own(actor: Actor, member: Member) -> None:
    """The part of the page about one's own account."""
    own = session.current_session(actor)
    with st.container(border=True):
        st.header("Signed-in devices")
        found = devices.open_sessions(current_shop(), policy(), actor, member)
        for each in found[:_SHOWN]:
            _show(actor, each, own)
        _count_more(found)
        with st.container(horizontal=True):
            if own is not None and st.button("Sign out all others", icon=":material/devices:", disabled=len(found) < 2):
                ended = devices.end_others(current_shop(), policy(), actor, member, own)
                _done(f"{counted(current_shop(), ended, 'device')} signed out.")
            if st.button("Sign out everywhere", icon=":material/logout:", help="On this device, too."):
                session.sign_out(actor, everywhere=True)


def show_of(actor: Actor, member: Member) -> None:
    """The devices of somebody else, for admins."""
    with st.container(border=True):
        st.subheader("Signed-in devices")
        found = devices.open_sessions(current_shop(), policy(), actor, member)
        for each in found[:_SHOWN]:
            _show(actor, each, None)
        _count_more(found)
        if not found:
            st.caption(plain(f"{member.name} is not signed in."))
        elif st.button("Sign out everywhere", icon=":material/logout:", key="sign_out_member"):
            end_sessions(current_shop(), actor, member.username)
            _done(f"{member.name} is signed out on all devices.")


def _show(actor: Actor, each: SignedIn, own: Session | None) -> None:
    here = own is not None and own.id == each.id
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        name = f"**{plain(each.device)}** {badge('This device', 'green') if here else ''}"
        shop = current_shop()
        facts = f"Signed in {moment(shop, each.began_at)} · Last seen {moment(shop, each.seen_at)}"
        st.markdown(f"{name}  \n:small[:gray[{plain(facts)}]]", width="content")
        if st.button("Sign out this device" if here else "Sign out", key=f"sign_out_{each.id}"):
            if here:
                session.sign_out(actor)
            devices.end_session(shop, actor, each)
            _done(f"{each.device} is signed out.")


def _count_more(found: list[SignedIn]) -> None:
    if len(found) > _SHOWN:
        st.caption(f"And {len(found) - _SHOWN} more, used longer ago.")


def _done(sentence: str) -> None:
    NOTICE.set(sentence)
    st.rerun()
