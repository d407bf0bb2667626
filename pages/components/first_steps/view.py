"""The list that leads a new shop: each step with its state, and a link for those that are not done."""

from __future__ import annotations

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.first_steps.checklist import Step, StepState, may_take
from pages.components.ui import caching, formats
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import mailer

_STEPS = {
    Step.NAME: ("Name the shop", "shop_settings.py"),
    Step.LOGO: ("Add a logo", "shop_settings.py"),
    Step.POSTAL_ADDRESS: ("Add the postal address", "shop_settings.py"),
    Step.CURRENCY: ("Check currency and time zone", "shop_settings.py"),
    Step.SENDER: ("Choose the sender of emails", "shop_settings.py"),
    Step.DOMAIN: ("Check the sender's domain", "deliverability.py"),
    Step.IMPORT: ("Import orders and customers", "import_export.py"),
    Step.INVITE: ("Invite the team", "team.py"),
    Step.AUTOMATIONS: ("Switch on automations", "automations.py"),
}


def show(here: Shop, actor: Actor, *, is_new: bool) -> None:
    """For those who set up the shop, until all is done; it begins closed unless the shop is new."""
    if not actor.may(Permission.EDIT_SHOP):
        return
    steps = caching.first_steps(here, mailer().sender)
    done = sum(each.done for each in steps)
    if done == len(steps):
        return
    label = f"First steps: {done} of {len(steps)} done"
    with st.expander(label, icon=":material/checklist:", expanded=is_new):
        for each in steps:
            _show_step(actor, each)


def _show_step(actor: Actor, state: StepState) -> None:
    label, file = _STEPS[state.step]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if state.done:
            st.markdown(f":green[:material/check_circle:] {label}", width="content")
        elif may_take(actor, state.step):
            st.page_link(page_of(file), label=label, icon=":material/radio_button_unchecked:", help="", width="content")
        else:
            st.markdown(f":material/radio_button_unchecked: {label}", width="content")
        st.caption(formats.plain(state.found), width="stretch" if state.done else "content")
