"""Writing to customers who had lapsed before: how many they are, and the number to type for it."""

from __future__ import annotations

import streamlit as st

from backend.domain.automations import Automation, TriggerKind
from backend.domain.team import Actor, Permission
from backend.errors import BackendError
from backend.services.automations import backfill
from backend.services.context import Shop
from pages.components.automations import words
from pages.components.ui import actions, caching, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.caching import who
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.shell import shop

_POLL_SECONDS = 2.0


def show(here: Shop, actor: Actor, automation: Automation) -> None:
    """Renders it for an automation about lapsed customers that is on; nothing for others."""
    if automation.kind is not TriggerKind.LAPSED or not automation.on or not actor.may(Permission.EDIT_AUTOMATIONS):
        return
    last = backfill.find_backfill(here, automation.id)
    if last is not None and not last.ended:
        _watch(automation.id)
        return
    with st.expander("Customers who lapsed earlier", icon=":material/history:"):
        if last is not None:
            when, people = formats.moment(here, last.asked_at), formats.counted(here, last.written, "customer")
            sentence = f"{who(last.asked_by)} asked for this on {when}; {people} were checked. Nobody gets it twice."
            st.caption(formats.plain(sentence))
        _offer(here, automation)


@guarded_fragment(Permission.EDIT_AUTOMATIONS, run_every=_POLL_SECONDS)
def _watch(automation_id: str) -> None:
    """How far it is; the whole page runs again when it has ended."""
    here = shop()
    under_way = backfill.find_backfill(here, automation_id)
    if under_way is None or under_way.ended:
        caching.changed()
        st.rerun()
    done = f"{formats.count(here, under_way.written)} of about {formats.count(here, under_way.expected)}"
    st.info(f"Writing to customers who had lapsed before: {done}.", icon=":material/history:")


def _offer(here: Shop, automation: Automation) -> None:
    try:
        count = caching.lapsed_before(here, automation)
    except BackendError as error:
        st.caption(formats.plain(error.sentence))
        return
    wait = words.waiting_time(automation.steps[0].delay)
    people = formats.counted(here, count, "customer")
    st.markdown(
        f"**{people}** had not ordered for {wait} or longer before this automation was switched on. They get the email "
        "only if you ask for it. Customers without consent, or unreachable, are skipped."
    )
    if not count:
        return
    with st.form(f"backfill_{automation.id}", border=False):
        typed = st.text_input(f"Type {count} to confirm", max_chars=20, autocomplete="off")
        pressed = st.form_submit_button("Email these customers", icon=":material/send:")
    if not pressed:
        return
    if typed.strip() != str(count):
        st.error("The number does not match.", icon=":material/error:")
        return
    asked = actions.attempt(
        Permission.EDIT_AUTOMATIONS,
        lambda actor: backfill.ask_backfill(shop(), actor, automation.id, count),
        "Requested. It starts in a few seconds.",
    )
    if isinstance(asked, Trouble):
        actions.show_trouble(asked)
    else:
        st.rerun()
