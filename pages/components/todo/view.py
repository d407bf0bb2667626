"""The Overview's list of what is to be done, each with its number and a link to where it is done."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from backend.services.context import Shop
from backend.services.todo.tasks import MOST, Task, TaskKind
from pages.components.ui import caching, formats
from pages.components.ui.navigation import page_of


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
}


def show(here: Shop) -> None:
    """What whoever looks can do something about."""
    tasks = caching.open_tasks(here)
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown("**To do**", width="content")
        for task in tasks:
            _link(here, task)
        if not tasks:
            st.caption(
                ":material/task_alt: Nothing at the moment. What needs somebody appears here, such as orders to fulfil "
                "and emails that failed."
            )


def _link(here: Shop, task: Task) -> None:
    place = _PLACES[task.kind]
    number = f"{formats.count(here, MOST)}+ {place.noun}s" if task.number >= MOST else None
    label = f"{number or formats.counted(here, task.number, place.noun)} {place.rest}"
    single = place.one if task.subject else ""
    st.page_link(
        page_of(single or place.file),
        label=formats.plain(label),
        icon=place.icon,
        help="",
        width="content",
        query_params={"id": task.subject} if single else dict(place.query),
    )
