"""Who is signed in in this browser: begun with a sign-in, known by the cookie, asked of the store on every run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn

import streamlit as st

from backend.domain.sessions import SEEN_EVERY
from backend.domain.team import CONFIRMED_FOR, Actor, Member
from backend.services.team import devices, second_factor, sessions, sign_in
from backend.services.team.members import find_member
from backend.services.team.sessions import Session
from backend.services.team.sign_in_attempts import Refused
from front_door.visitors import VISITORS
from pages.components.ui import client, cookie
from pages.components.ui.shell import current_shop, policy, settings
from pages.components.ui.state import NOTICE, SESSION, Slot, forget_everything

_CONNECTION: Slot[str] = Slot("connection")
_CONFIRMED_AT: Slot[datetime] = Slot("confirmed_at")
_NOTED_AT: Slot[datetime] = Slot("visit_noted_at")
_FIRST_SEEN: Slot[datetime] = Slot("oidc_first_seen")


def current_actor() -> Actor | None:
    """Who is signed in here, as the store knows them at this moment."""
    member = _oidc_member() if settings().auth_mode == "oidc" else _password_member()
    if isinstance(member, Member):
        VISITORS.signed_in(client.session_id(), client.connection_key(), member.username)
        return replace(member.actor, confirmed=_is_confirmed(member))
    VISITORS.signed_out(client.session_id())
    return None


def begin(session: Session, *, notice: str = "", confirmed: bool = False) -> NoReturn:
    """Remembers in this browser that somebody signed in, and runs the page for them.

    `confirmed` says that they have shown their second factor.
    """
    forget_everything()
    if confirmed:
        note_confirmed()
    if notice:
        NOTICE.set(notice)
    SESSION.set(session)
    _CONNECTION.set(client.connection_key())
    cookie.write_soon(session)
    st.rerun()


def confirm(actor: Actor, code: str) -> Refused | None:
    """Uses a code of the second factor; for a while after it, this tab may do what is asked for it."""
    refused = second_factor.check(current_shop(), policy(), actor.username, code, client.client_address())
    if refused is None:
        note_confirmed()
    return refused


def note_confirmed() -> None:
    """Somebody has shown their second factor in this tab."""
    _CONFIRMED_AT.set(current_shop().clock())


def note_visit(actor: Actor) -> None:
    """Notes that somebody uses this session; asks the store about it once an hour for each tab."""
    now, noted_at, session = current_shop().clock(), _NOTED_AT.get(), current_session(actor)
    if session is None or (noted_at is not None and now < noted_at + SEEN_EVERY):
        return
    member = find_member(current_shop(), actor.username)
    if member is not None:
        by_provider = settings().auth_mode == "oidc"
        devices.note_visit(current_shop(), member, session, client.user_agent(), by_provider=by_provider)
        _NOTED_AT.set(now)


def current_session(actor: Actor) -> Session | None:
    """The session of this browser; None where a provider does not say when it signed the person in."""
    if settings().auth_mode == "oidc":
        return sign_in.session_of_claims(actor.username, st.user.to_dict())
    return SESSION.get()


def sign_out(actor: Actor, *, everywhere: bool = False) -> NoReturn:
    """Ends the session of this browser, or all of this person, and shows the sign-in."""
    session = current_session(actor)
    if session is None or everywhere:
        session = session or Session(actor.username, current_shop().clock())
        sessions.sign_out(current_shop(), session)
    else:
        devices.end_session(current_shop(), actor, session)
    forget_everything()
    if settings().auth_mode == "oidc":
        st.logout()
    else:
        cookie.delete_soon(session)
    st.rerun()


def _is_confirmed(member: Member) -> bool:
    """Providers ask for a second factor themselves, and demo sign-ins have none."""
    at = _CONFIRMED_AT.get()
    if settings().auth_mode == "oidc":
        return True
    if second_factor.is_missing(policy(), member):
        return False
    return not member.has_second_factor or (at is not None and current_shop().clock() < at + CONFIRMED_FOR)


def oidc_refusal() -> Refused | None:
    """Why somebody whom the provider signed in is not let in."""
    if settings().auth_mode != "oidc" or not st.user.is_logged_in:
        return None
    member = _oidc_member()
    return member if isinstance(member, Refused) else None


def _password_member() -> Member | None:
    known = SESSION.get()
    session = cookie.read() if known is None else known
    member = None if session is None else sessions.member_of(current_shop(), policy(), session)
    if member is not None and known is not None and not _is_own_connection(known):
        member = None
    if member is not None:
        SESSION.set(session)  # type: ignore[arg-type]  # a member was found, so there is a session
        _CONNECTION.set(client.connection_key())
    elif known is not None:
        forget_everything()
        NOTICE.set("Your session has ended. Sign in again.")
    return member


def _is_own_connection(known: Session) -> bool:
    """Whether this is the connection of the last run, or a new one that brings the same member's cookie.

    The id of a Streamlit session is enough for Streamlit, and is part of addresses: it is not enough here.
    """
    if _CONNECTION.get() in (None, client.connection_key()):
        return True
    session = cookie.read()
    return session is not None and session.username == known.username


def _oidc_member() -> Member | Refused | None:
    if not st.user.is_logged_in:
        return None
    claims: dict[str, Any] = dict(st.user.to_dict())
    return sign_in.member_of_claims(current_shop(), policy(), claims, _FIRST_SEEN.once(current_shop().clock))
