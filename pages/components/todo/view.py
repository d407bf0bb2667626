"""On the Overview: what is to be done, with numbers and links, and the first steps of a new shop."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.first_steps.checklist import Step, StepState, may_take
from backend.services.todo.tasks import MOST, Task, TaskKind
from pages.components.ui import caching, formats
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import mailer


@dataclass(frozen=True, slots=True)
class _Place:
    """Where tasks of a kind are done, and what they are called: `noun` in the singular, then `rest`."""

    file: str
    icon: str
    noun: str
    rest: str
    query: tuple[tuple[str, str], ...] = ()
    one: str = ""
    """The page of a single one, which is opened by its `id`."""


_ORDERS = ("placed", "90-days")
_PLACES = {
    TaskKind.FULFIL: _Place("orders.py", ":material/package_2:", "order", "to fulfil", (("status", "paid"), _ORDERS)),
    TaskKind.PAYMENT: _Place(
        "orders.py", ":material/hourglass_top:", "payment", "pending", (("status", "pending"), _ORDERS)
    ),
    TaskKind.APPROVE: _Place("campaigns.py", ":material/how_to_reg:", "campaign", "to approve", one="campaign.py"),
    TaskKind.DECIDE: _Place(
        "campaigns.py", ":material/front_hand:", "campaign", "stopped or overdue", one="campaign.py"
    ),
    TaskKind.FAILED: _Place("messages.py", ":material/error:", "email", "failed"),
    TaskKind.UNKNOWN: _Place("messages.py", ":material/help:", "email", "unknown"),
    TaskKind.ALERT: _Place("alerts.py", ":material/notifications_active:", "alert", "open"),
    TaskKind.PRIVACY: _Place("connections.py", ":material/privacy_tip:", "privacy request", "open"),
}


def show(shop: Shop) -> None:
    """What whoever looks can do something about."""
    tasks = caching.open_tasks(shop)
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown("**To do**", width="content")
        for task in tasks:
            _link(shop, task)
        if not tasks:
            st.caption(
                ":material/task_alt: Nothing at the moment. What needs somebody appears here, such as orders to fulfil "
                "and emails that failed."
            )


def _link(shop: Shop, task: Task) -> None:
    place = _PLACES[task.kind]
    number = f"{formats.count(shop, MOST)}+ {place.noun}s" if task.number >= MOST else None
    label = f"{number or formats.counted(shop, task.number, place.noun)} {place.rest}"
    single = place.one if task.subject else ""
    st.page_link(
        page_of(single or place.file),
        label=formats.plain(label),
        icon=place.icon,
        help="",
        width="content",
        query_params={"id": task.subject} if single else dict(place.query),
    )


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


def show_first_steps(shop: Shop, actor: Actor, *, is_new: bool) -> None:
    """For those who set up the shop, until all is done; it begins closed unless the shop is new."""
    if not actor.may(Permission.EDIT_SHOP):
        return
    steps = caching.first_steps(shop, mailer().sender)
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
