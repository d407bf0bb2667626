"""The frame around every page: the menu, the shop's name, who is signed in, and the way out."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from backend.domain.team import Actor, Role
from pages.components.ui import cookie, keystrokes, session
from pages.components.ui.formats import plain
from pages.components.ui.shell import shop

_BADGES: dict[Role, tuple[str, Literal["blue", "green", "violet", "orange"]]] = {
    Role.MANAGER: (":material/insights:", "blue"),
    Role.STAFF: (":material/storefront:", "green"),
    Role.ENGINEER: (":material/build:", "violet"),
    Role.ADMIN: (":material/shield_person:", "orange"),
}


def show_sidebar(actor: Actor) -> None:
    """Renders the sidebar below the menu."""
    icon, color = _BADGES[actor.role]
    with st.sidebar:
        st.markdown(f"**{plain(shop().name)}**")
        st.badge(actor.role.value.capitalize(), icon=icon, color=color)
        st.write(plain(actor.name or actor.username))
        if st.button("Sign out", icon=":material/logout:", type="tertiary", help="Signs you out in every browser."):
            session.sign_out(actor)
        cookie.deliver()
        keystrokes.listen()
