"""The head of an automation's page: name and sentence, switch, deleting, and customers who lapsed before."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from backend.domain.automations import Automation, Step, TriggerKind
from backend.domain.switches import BACKFILL
from backend.domain.team import Actor, Permission
from backend.errors import BackendError
from backend.services.automations import backfill, saved
from backend.services.context import Shop
from backend.services.switches.saved import is_on
from pages.components.automations import builder, list, words
from pages.components.ui import actions, caching, empty, formats
from pages.components.ui.actions import Trouble
from pages.components.ui.caching import who
from pages.components.ui.dialogs import Dialog
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop, name_tab
from pages.components.ui.state import Slot

_NEW: Slot[Automation] = Slot("automation.new")


def show(shop: Shop, actor: Actor, automation: Automation) -> None:
    """Renders it."""
    name_tab(automation.name, "Automations")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(formats.plain(automation.name), anchor=False, width="content")
        list.switch(actor, automation)
    st.markdown(formats.plain(words.sentence(shop, automation)))
    if automation.on and automation.active_from and automation.active_from > shop.clock():
        st.caption(":material/hourglass_top: Active in a few seconds.")
    show_backfill(shop, actor, automation)
    if not automation.on and actor.may(Permission.EDIT_AUTOMATIONS):
        DELETE.opener("Delete", automation, icon=":material/delete:")
    DELETE.show()


def show_new(shop: Shop, actor: Actor) -> None:
    """The builder of one that does not exist yet. Its id is made when the form is first rendered."""
    if not actor.may(Permission.EDIT_AUTOMATIONS):
        empty.nothing(":material/bolt:", "Choose an automation", "A manager or an admin can make new ones.")
        return
    st.title("New automation", anchor=False)
    name_tab("New automation", "Automations")
    st.caption("It is off until you switch it on. Save it, then run a dry run first.")
    made = builder.show(shop, _NEW.once(lambda: _blank(shop.clock())), saved.create_automation, "Saved, off.")
    if made:
        _NEW.clear()
        st.switch_page(page_of("automation.py"), query_params={"id": made.id})


def _blank(now: datetime) -> Automation:
    return Automation(saved.new_automation_id(), "", TriggerKind.ORDER_PLACED, (Step(""),), now)


def _delete(seen: Automation) -> None:
    waiting = list.waiting_words(current_shop(), seen.id, caching.automations_waiting(current_shop()))
    st.text(seen.name)
    st.caption(f"{waiting.capitalize()}: nothing is sent for them. Its figures are deleted; messages in the log stay.")
    with st.form("delete_automation", border=False):
        typed = st.text_input("Type the name to delete it", max_chars=80, autocomplete="off")
        pressed = st.form_submit_button("Delete", type="primary", width="stretch")
    if not pressed:
        return
    if typed.strip() != seen.name:
        st.error("The name does not match.", icon=":material/error:")
        return
    done = actions.attempt(
        Permission.EDIT_AUTOMATIONS,
        lambda actor: saved.delete_automation(current_shop(), actor, seen.id, seen.version),
        "Deleted.",
    )
    if isinstance(done, Trouble):
        actions.show_trouble(done)
        return
    DELETE.close()
    st.switch_page(page_of("automations.py"))


DELETE = Dialog[Automation]("delete_automation", "Delete the automation?", _delete, icon=":material/delete:")


_POLL_SECONDS = 2.0


def show_backfill(shop: Shop, actor: Actor, automation: Automation) -> None:
    """Renders it for an automation about lapsed customers that is on; nothing for others."""
    if automation.kind is not TriggerKind.LAPSED or not automation.on or not actor.may(Permission.EDIT_AUTOMATIONS):
        return
    last = backfill.find_backfill(shop, automation.id)
    if last is not None and not last.ended:
        _watch(automation.id)
        return
    if not is_on(shop, BACKFILL, actor):
        return
    with st.expander("Customers who lapsed earlier", icon=":material/history:"):
        if last is not None:
            when, people = formats.moment(shop, last.asked_at), formats.counted(shop, last.written, "customer")
            sentence = f"{who(last.asked_by)} asked for this on {when}; {people} were checked. Nobody gets it twice."
            st.caption(formats.plain(sentence))
        _offer(shop, automation)


@guarded_fragment(Permission.EDIT_AUTOMATIONS, run_every=_POLL_SECONDS)
def _watch(automation_id: str) -> None:
    """How far it is; the whole page runs again when it has ended."""
    shop = current_shop()
    under_way = backfill.find_backfill(shop, automation_id)
    if under_way is None or under_way.ended:
        caching.changed()
        st.rerun()
    done = f"{formats.count(shop, under_way.written)} of about {formats.count(shop, under_way.expected)}"
    st.info(f"Writing to customers who had lapsed before: {done}.", icon=":material/history:")


def _offer(shop: Shop, automation: Automation) -> None:
    try:
        count = caching.lapsed_before(shop, automation)
    except BackendError as error:
        st.caption(formats.plain(error.sentence))
        return
    wait = words.waiting_time(automation.steps[0].delay)
    people = formats.counted(shop, count, "customer")
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
        lambda actor: backfill.ask_backfill(current_shop(), actor, automation.id, count),
        "Requested. It starts in a few seconds.",
    )
    if isinstance(asked, Trouble):
        actions.show_trouble(asked)
    else:
        st.rerun()
