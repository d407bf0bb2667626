"""The gate in front of every page: who is here, and may they?

`actor = require(Permission.VIEW_CUSTOMERS)` is the first line of each page. A page can be run without the main script
(a deep link into a fresh process), so each page has the gate, and not only the main script. It asks the store on
every run, because a session may have been ended elsewhere a moment ago.

Fragments and callbacks run without the page's first line. Fragments are therefore made with `guarded_fragment`, and a
callback that does something calls `require` itself.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, ParamSpec

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.services.system.maintenance import WATCH
from pages.components.ui import navigation, second_factor, sign_in
from pages.components.ui.formats import plain
from pages.components.ui.session import current_actor, note_visit
from pages.components.ui.state import ACTOR

P = ParamSpec("P")

_MAIN_SCRIPT = "streamlit_app.py"
_menu_known = False


def require(permission: Permission | None = None, *, by_itself: bool = False) -> Actor:
    """The person who is signed in and may do this; otherwise the page ends here with the sign-in or a sentence.

    `by_itself`: nobody has done anything, so it does not count as use of the session.
    """
    under_main_script = _main_script_is_ours()
    if under_main_script and not _menu_known:
        _run_main_script_first()
    actor = current_actor()
    if actor is None:
        _sign_in_instead(under_main_script)
    ACTOR.set(actor)
    if not by_itself:
        note_visit(actor)
    if second_factor.takes_the_page(actor):
        st.stop()
    _say_maintenance(actor)
    if permission is not None and not actor.may(permission):
        st.error(f"Your role ({actor.role}) may not {permission}. Ask an admin if you need to.", icon=":material/lock:")
        st.stop()
    return actor


def _say_maintenance(actor: Actor) -> None:
    """Ends the page for everybody but those who look after the system; they are reminded in the sidebar."""
    now = WATCH.now
    if now is None or actor.may(Permission.VIEW_SYSTEM):
        return
    st.warning(f"Maintenance: {plain(now.reason)} Nothing can be changed now.", icon=":material/construction:")
    st.stop()


def guarded_fragment(
    permission: Permission | None = None, *, run_every: float | None = None
) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """As `st.fragment`, but every run of the fragment passes the gate again. `run_every` is in seconds."""

    def decorate(function: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
            require(permission, by_itself=run_every is not None)
            function(*args, **kwargs)

        return st.fragment(guarded, run_every=run_every)

    return decorate


def menu_is_known() -> None:
    """Called once `st.navigation` was: from now on Streamlit runs the main script for every address."""
    global _menu_known
    _menu_known = True


def _sign_in_instead(under_main_script: bool) -> NoReturn:
    """The main script draws the sign-in on the whole page, also where only a fragment, dialog or callback ran."""
    if under_main_script:
        st.rerun()
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
