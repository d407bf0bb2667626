"""Alerts that are open, those that were, and the test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import streamlit as st

from backend.domain.alerts import BY_NAME, Alert, RuleName, Stage
from backend.domain.ids import new_entry_id
from backend.domain.team import Actor, Permission
from backend.services.alerts.notifications import send_test
from backend.services.alerts.states import list_current, list_past
from backend.services.audit.log import months_until_now
from backend.services.context import Shop
from pages.components.system.installation import span_of, system
from pages.components.ui import actions, empty, filters, formats
from pages.components.ui.guard import guarded_fragment, require
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot
from pages.components.ui.tables import ROWS, Pager

_LOOK_SECONDS = 5.0
_TEST: Slot[str] = Slot("alerts.test")


@guarded_fragment(Permission.VIEW_SYSTEM, run_every=_LOOK_SECONDS)
def show_open() -> None:
    """What is wrong now; looks again every five seconds."""
    shop, actor = current_shop(), require(Permission.VIEW_SYSTEM)
    alerts = list_current(shop, actor)
    shown = [alert for alert in alerts if alert.is_open and alert.rule is not RuleName.TEST]
    if any(alert.rule is RuleName.TEST for alert in alerts):
        st.info("Test alert requested. Recipients get it within seconds.", icon=":material/outgoing_mail:")
    if not shown:
        st.markdown("## :material/check_circle: No alert is open")
        return
    st.markdown(f"## :material/notifications_active: {formats.counted(shop, len(shown), 'alert')} open")
    for alert in shown:
        _show_alert(shop, alert)


def _show_alert(shop: Shop, alert: Alert) -> None:
    with st.container(border=True, gap="xsmall"):
        since = span_of(shop.clock() - alert.opened_at)
        badge = formats.badge(f"Open for {since}", "red", ":material/error:")
        st.markdown(f"**{formats.plain(alert.title)}** {badge}")
        st.markdown(formats.plain(alert.sentence))
        st.caption(formats.plain(BY_NAME[alert.rule].advice))
        st.caption(formats.plain(_told(shop, alert)))


def _told(shop: Shop, alert: Alert) -> str:
    if alert.notified_at is None:
        return "No notification sent yet."
    return f"Notified on {formats.moment(shop, alert.notified_at)}: {alert.notified_by}."


def offer_test(actor: Actor) -> None:
    """The button that sends everybody a test."""
    if not actor.may(Permission.EDIT_ALERTS):
        return
    # Made when the button is drawn, so that a double click sends one test.
    identity = _TEST.once(new_entry_id)
    actions.button("Send a test", _send_test, identity, key="send_test_alert", icon=":material/campaign:")


def _send_test(identity: str) -> None:
    actions.act(Permission.EDIT_ALERTS, lambda actor: send_test(system(), actor, identity), "Test alert requested.")
    _TEST.clear()


def show_past(shop: Shop, actor: Actor) -> None:
    """Alerts of a month, newest first, the tests too."""
    st.header("History", anchor=False)
    month = filters.pick_one(
        "Month",
        months_until_now(shop, 12),
        name="month",
        key="alerts_month",
        words=lambda text: formats.month(shop, date.fromisoformat(f"{text}-01")),
    )
    pager = Pager("alerts", month)
    alerts, following = list_past(shop, actor, month, limit=ROWS, cursor=pager.cursor)
    if not alerts:
        empty.nothing(":material/notifications_off:", "No alerts this month", "Send a test alert to see one.")
    else:
        _show_history(shop, alerts)
    pager.show(following)


def _show_history(shop: Shop, alerts: Sequence[Alert]) -> None:
    year = shop.clock().astimezone(shop.zone).year
    with st.container(border=True, gap="small"):
        for alert in alerts:
            at = formats.brief_moment(shop, alert.opened_at, year)
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(
                    f"**{formats.plain(alert.title)}** {_badge(alert)}  \n{formats.plain(alert.sentence)}",
                    width="stretch",
                )
                st.markdown(f":small[:gray[{formats.plain(at)}]]", width="content")


def _badge(alert: Alert) -> str:
    if alert.rule is RuleName.TEST:
        outcome = alert.notified_by or "on its way"
        return formats.badge(f"Test, {outcome}", "blue", ":material/campaign:")
    if alert.stage is Stage.RECOVERED and alert.recovered_at is not None:
        span = span_of(alert.recovered_at - alert.opened_at)
        return formats.badge(f"Resolved after {span}", "green", ":material/check_circle:")
    return formats.badge("Open", "red", ":material/error:")
