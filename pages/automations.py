"""Automations: emails that are sent automatically when something happens."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Permission
from backend.services.automations.defaults import default_automations
from backend.services.triggers.active import all_automations
from pages.components.automations import list
from pages.components.ui import caching, empty
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

actor = require(Permission.VIEW_EMAIL)
shop = current_shop()

with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.title("Automations", width="content")
    if actor.may(Permission.EDIT_AUTOMATIONS):
        st.page_link(page_of("automation.py"), label="New automation", icon=":material/add:", help="")
st.caption("Emails sent automatically when something happens, after a delay and only if they still apply.")

automations = all_automations(shop)
if not automations:
    empty.nothing(
        ":material/bolt:",
        "No automations yet",
        "Start with the four standard ones: order confirmation, shipping note, review request and win-back. They are "
        "off until you switch them on.",
    )
    list.offer_defaults(actor)
else:
    list.show(shop, actor, automations, caching.automations_waiting(shop))
    used = {step.template for each in automations for step in each.steps}
    if not used & {each.steps[0].template for each in default_automations(shop.clock())}:
        list.offer_defaults(actor)
