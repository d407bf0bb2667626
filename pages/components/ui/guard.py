"""The gate in front of every page: who is here, and may they?

`actor = require(Permission.VIEW_CUSTOMERS)` is the first line of each page. A page can be run without the main script
(a deep link into a fresh process), so the gate stands in the pages and not only before them. It asks the store on
every run, because a session may have been ended elsewhere a moment ago.

Fragments and callbacks run without the page's first line. Fragments are therefore made with `guarded_fragment`, and a
callback that does something calls `require` itself.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

import streamlit as st

from backend.domain.team import Actor, Member, Permission
from backend.services.team import sessions
from backend.services.team import sign_in as signin
from backend.services.team.sessions import Session
from backend.services.team.sign_in import Refused
from front_door.visitors import VISITORS
from pages.components.ui import client, cookie, navigation
from pages.components.ui.shell import policy, settings, shop
from pages.components.ui.state import NOTICE, SESSION, Slot, forget_everything

P = ParamSpec("P")

_MAIN_SCRIPT = "streamlit_app.py"
_CONNECTION: Slot[str] = Slot("connection")
_FIRST_SEEN: Slot[datetime] = Slot("oidc_first_seen")
_menu_known = False


def require(permission: Permission | None = None) -> Actor:
    """The person who is signed in and may do this; otherwise the page ends here with the sign-in or a sentence."""
    under_main_script = _main_script_is_ours()
    if under_main_script and not _menu_known:
        _run_main_script_first()
    actor = current_actor()
    if actor is None:
        _sign_in_instead(under_main_script)
    if permission is not None and not actor.may(permission):
        st.error(f"Your role ({actor.role}) may not {permission}. Ask an admin if you need to.", icon=":material/lock:")
        st.stop()
    return actor


def guarded_fragment(
    permission: Permission | None = None, *, run_every: float | None = None
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """As `st.fragment`, but every run of the fragment passes the gate again. `run_every` is in seconds."""

    def decorate(function: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
            require(permission)
            function(*args, **kwargs)

        return st.fragment(guarded, run_every=run_every)

    return decorate


def current_actor() -> Actor | None:
    """Who is signed in here, as the store knows them at this moment."""
    member = _oidc_member() if settings().auth_mode == "oidc" else _password_member()
    if isinstance(member, Member):
        VISITORS.signed_in(client.session_id(), client.connection_key(), member.username)
        return member.actor
    VISITORS.signed_out(client.session_id())
    return None


def begin(session: Session, *, notice: str = "") -> NoReturn:
    """Remembers in this browser that somebody signed in, and runs the page for them."""
    forget_everything()
    if notice:
        NOTICE.set(notice)
    SESSION.set(session)
    _CONNECTION.set(client.connection_key())
    cookie.write_soon(session)
    st.rerun()


def sign_out(actor: Actor) -> NoReturn:
    """Ends all sessions of this person, in every browser, and shows the sign-in."""
    session = SESSION.get() or Session(actor.username, shop().clock())
    sessions.sign_out(shop(), session)
    forget_everything()
    if settings().auth_mode == "oidc":
        st.logout()
    else:
        cookie.delete_soon(session)
    st.rerun()


def menu_is_known() -> None:
    """Called once `st.navigation` was: from now on Streamlit runs the main script for every address."""
    global _menu_known
    _menu_known = True


def oidc_refusal() -> Refused | None:
    """Why somebody whom the provider signed in is not let in."""
    if settings().auth_mode != "oidc" or not st.user.is_logged_in:
        return None
    member = _oidc_member()
    return member if isinstance(member, Refused) else None


def _password_member() -> Member | None:
    known = SESSION.get()
    session = cookie.read() if known is None else known
    member = None if session is None else sessions.member_of(shop(), policy(), session)
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

    The id of a Streamlit session is enough to go on with it, and stands in addresses: it is not enough for us.
    """
    if _CONNECTION.get() in (None, client.connection_key()):
        return True
    session = cookie.read()
    return session is not None and session.username == known.username


def _oidc_member() -> Member | Refused | None:
    if not st.user.is_logged_in:
        return None
    claims: dict[str, Any] = dict(st.user.to_dict())
    return signin.member_of_claims(shop(), policy(), claims, _FIRST_SEEN.once(shop().clock))


def _sign_in_instead(under_main_script: bool) -> NoReturn:
    """The main script draws the sign-in on the whole page, also where only a fragment, dialog or callback ran."""
    if under_main_script:
        st.rerun()
    from pages.components.ui import sign_in  # it uses this module

    sign_in.show()
    st.stop()


def _main_script_is_ours() -> bool:
    """Whether pages run under the dashboard's main script; a test may run a page by itself."""
    main = getattr(sys.modules.get("__main__"), "__file__", None) or ""
    return Path(main).name == _MAIN_SCRIPT


def _run_main_script_first() -> NoReturn:
    """A page that was run without the main script has no menu around it; make the menu known and run again."""
    navigation.make_known()
    menu_is_known()
    st.rerun()
