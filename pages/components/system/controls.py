"""What engineers and admins switch for the whole shop: maintenance."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Actor
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.system import maintenance
from pages.components.ui import formats
from pages.components.ui.forms import Form
from pages.components.ui.shell import refuse
from pages.components.ui.state import NOTICE


def show_maintenance(shop: Shop, actor: Actor) -> None:
    """Whether there is maintenance, and the way in or out."""
    with st.container(border=True):
        st.header("Maintenance", anchor=False)
        found = maintenance.current(shop)
        if found is None:
            _begin(shop, actor)
            return
        st.warning(f"On since {formats.moment(shop, found.since)}: {formats.plain(found.reason)}")
        if st.button("End maintenance", icon=":material/play_arrow:", type="primary"):
            maintenance.end(shop, actor)
            _done("Maintenance has ended. Everything goes on within a few seconds.")


def _begin(shop: Shop, actor: Actor) -> None:
    st.caption(
        "Pages show your reason instead of their content, the API refuses changes, and workers pause. Engineers and "
        "admins still see all pages."
    )
    form = Form("maintenance")
    with form.area():
        reason = st.text_input(
            "Reason", placeholder="Back at 22:00.", max_chars=200, key=form.key("reason"), persist_state="session"
        )
        pressed = form.pressed("Begin maintenance", icon=":material/construction:", stretch=False)
    if pressed:
        try:
            maintenance.begin(shop, actor, reason)
        except BackendError as error:
            refuse(error.sentence)
            return
        form.done()
        _done("Maintenance begins in every process within a few seconds.")


def _done(sentence: str) -> None:
    NOTICE.set(sentence)
    st.rerun()
