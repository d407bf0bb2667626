"""Automations: emails that send themselves when something happens."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.automations.active import all_automations
from backend.services.automations.defaults import default_automations
from pages.components import actions, automation_list, caching, empty
from pages.components.guard import require
from pages.components.navigation import page_of
from pages.components.shell import shop

actor = require(Permission.VIEW_EMAIL)
here = shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Automations", width="content")
    if actor.may(Permission.EDIT_AUTOMATIONS):
        st.page_link(page_of("automation.py"), label="New automation", icon=":material/add:", help="")
st.caption("When something happens, an email goes out by itself: after a while, and only if it still makes sense.")
actions.show_refusal()

automations = all_automations(here)
if not automations:
    empty.nothing(
        ":material/bolt:",
        "No automations yet",
        "Begin with the usual four: order confirmation, shipping note, review request and win-back. They are off at "
        "first, so that nothing is sent before you have looked at them.",
    )
    automation_list.offer_defaults(actor)
else:
    automation_list.show(here, actor, automations, caching.automations_waiting(here))
    used = {step.template for each in automations for step in each.steps}
    if not used & {each.steps[0].template for each in default_automations(here.clock())}:
        automation_list.offer_defaults(actor)
