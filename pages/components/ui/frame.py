"""The frame around every page: below the menu, the shop's name, who is signed in, and the way out."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Actor
from backend.services.system.maintenance import WATCH
from pages.components.ui import cookie, keystrokes, session
from pages.components.ui.formats import plain
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop


def show_sidebar(actor: Actor) -> None:
    """Renders the sidebar below the menu, so low that the way out is in reach at a height of 900 pixels."""
    with st.sidebar, st.container(gap="xxsmall"):
        st.caption(f"**{plain(current_shop().name)}**")
        if WATCH.now is not None:
            st.warning("Maintenance is on", icon=":material/construction:")
        name = f"{plain(actor.name or actor.username)} :gray[{plain(actor.role.value.capitalize())}]"
        st.page_link(page_of("account.py"), label=name, icon=":material/account_circle:", help="Your account")
        if st.button("Sign out", icon=":material/logout:", type="tertiary", help="Signs you out on this device."):
            session.sign_out(actor)
        cookie.deliver()
        keystrokes.listen()
