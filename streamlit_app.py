"""The dashboard's main script: page settings, sign-in, menu. Streamlit runs it for every interaction."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from backend import logs
from backend.store.meter import access_pattern
from pages.components.search import everything
from pages.components.ui import actions, address, frame, guard, navigation, session, shell, sign_in

# A file of our own: Streamlit fetches icons by name from another company's server.
_ICON = Path(__file__).with_name("pages") / "components" / "icon.png"


def main() -> None:
    st.set_page_config(page_icon=_ICON, layout="wide")
    actor = session.current_actor()
    page = navigation.menu(actor)
    guard.menu_is_known()
    shell.name_tab("Sign in" if actor is None else page.title)
    if actor is None:
        sign_in.show()
        return
    name = f"page {page.url_path or 'overview'}"
    with logs.action(name), access_pattern(name):
        frame.show_sidebar(actor)
        shell.show_notice()
        everything.show(shell.current_shop(), actor, page.url_path)
        with actions.refusals_on_top(), address.kept_on(page.url_path):
            page.run()


shell.set_up_logs()
with shell.incidents():
    main()
