"""The fire drill: its button, and the way of each of its emails while the reports come back."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from backend.domain.events import EventType
from backend.domain.messages import MessageStatus
from backend.domain.team import Actor, Permission
from backend.services.context import Shop
from backend.services.events.fire_drill import Box, Drill, DrillReport, Leg, last_drill, new_drill_key, start_drill
from pages.components.messages import event_words, table
from pages.components.ui import actions, formats
from pages.components.ui.caching import who
from pages.components.ui.guard import guarded_fragment
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_LOOK_SECONDS = 2.0
_KEY: Slot[str] = Slot("events.drill_key")
_NAMES = {
    Box.SUCCESS: "Delivered",
    Box.BOUNCE: "Hard bounce",
    Box.COMPLAINT: "Marked as spam",
    Box.OUT_OF_OFFICE: "Out of the office",
    Box.SUPPRESSED: "On the provider's list",
}


def show_drill(actor: Actor) -> None:
    """What it does, the button for who may press it, and the last drill."""
    st.caption(
        "Sends five test emails to the provider's simulator: one is delivered, the others bounce, complain or are "
        "refused. All five reports must arrive. Tests do not affect rates or the suppression list."
    )
    drill = last_drill(current_shop())
    running = drill is not None and not drill.is_over(current_shop().clock())
    if actor.may(Permission.REPAIR_MAIL):
        key = _KEY.once(new_drill_key)
        actions.button(
            "Start a fire drill",
            _start,
            key,
            key="start_drill",
            icon=":material/local_fire_department:",
            disabled=running,
        )
    if drill is None:
        st.caption("No fire drill yet.")
    elif running:
        _watch(drill.id)
    else:
        _show(current_shop(), drill)


def _start(key: str) -> None:
    actions.act(Permission.REPAIR_MAIL, lambda actor: start_drill(current_shop(), actor, key), "Fire drill started.")
    _KEY.clear()


@guarded_fragment(Permission.VIEW_SYSTEM, run_every=_LOOK_SECONDS)
def _watch(drill_id: str) -> None:
    shop = current_shop()
    drill = last_drill(shop)
    if drill is None or drill.id != drill_id or drill.is_over(shop.clock()):
        st.rerun()
    _show(shop, drill)


def _show(shop: Shop, drill: Drill) -> None:
    when = formats.plain(f"{formats.moment(shop, drill.at)}, by {who(drill.by)}")
    if drill.passed:
        st.success(f"All reports received. {when}", icon=":material/check_circle:")
    elif drill.is_over(shop.clock()):
        st.error(f"Some reports are missing. {when}", icon=":material/error:")
    else:
        st.info(f"In progress. {when}", icon=":material/hourglass_top:")
    for leg in drill.legs:
        with st.container(border=True, gap="xsmall"):
            st.page_link(
                page_of("message.py"),
                label=f"**{_NAMES[leg.box]}** {table.status_badge(leg.status)}",
                query_params={"id": leg.message_id},
                help="",
            )
            st.markdown(_way(leg))


def _way(leg: Leg) -> str:
    """The stations, each with the time since the one before."""
    steps = [formats.badge("Requested", "gray", ":material/edit:")]
    if leg.sent_at is not None:
        steps.append(f"{_after(leg.sent_at - leg.requested_at)} {formats.badge('Sent', 'blue', ':material/send:')}")
    before = leg.sent_at or leg.requested_at
    for report in sorted(leg.reports, key=_order):
        steps.append(f"{_after(max(report.received_at - before, timedelta()))} {event_words.badge(report.type)}")
        before = max(report.received_at, before)
    if leg.failed:
        steps.append(formats.plain(leg.reason))
    elif leg.missing:
        waits = "waiting to be sent" if leg.status is MessageStatus.WAITING else _missing(leg.missing)
        steps.append(f":gray[{formats.plain(waits)}]")
    return " ".join(steps)


def _order(report: DrillReport) -> tuple[object, int]:
    return report.received_at, list(EventType).index(report.type)


def _missing(kinds: tuple[EventType, ...]) -> str:
    return "missing: " + ", ".join(event_words.LABELS[kind].lower() for kind in kinds)


def _after(took: timedelta) -> str:
    return f":gray[→ {took.total_seconds():,.1f}\u00a0s]"
