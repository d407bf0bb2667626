"""What an automation did, would have done and will do: figures, dry run, what waits, and who changed it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import streamlit as st

from backend.domain.automations import Automation, Trigger, variant_of
from backend.domain.messages import SkipReason
from backend.domain.team import Actor, Permission
from backend.services.audit import log as audit_log
from backend.services.audit.log import AuditFilter
from backend.services.automations.dry_run import DryRun, WouldSend, dry_run
from backend.services.automations.waiting_triggers import MOST_COUNTED, call_off, list_waiting
from backend.services.context import Shop
from backend.services.events.health import link_clicks
from pages.components.audit import view
from pages.components.automations import list as automation_list
from pages.components.automations import words as automation_words
from pages.components.messages import table
from pages.components.ui import actions, caching, charts, empty, formats
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot
from pages.components.ui.table import Cell, Column, Row, Table, show_table
from pages.components.ui.tables import Pager

_MOST_LINKS = 10
_WOULD = (Column("Customer", "main"), Column("Email"), Column("Order", width=170), Column("When", width=190))
_OF_THEMSELVES = (SkipReason.BOUNCED, SkipReason.CANCELLED)
"""Reasons whose sentence is not about the customer."""
_DRY_RUN: Slot[tuple[Automation, DryRun]] = Slot("automation.dry_run")


def show_figures(shop: Shop, automation: Automation) -> None:
    """Cards, and the reasons why events gave no email."""
    figures = caching.automation_figures(shop, automation.id)
    waiting = automation_list.waiting_words(shop, automation.id, caching.automations_waiting(shop))
    cards = {
        "Events answered": (figures.answered, "Events that came due, whatever the result."),
        "Emails requested": (figures.requested, "Added to the message log, to be sent or skipped."),
        "Sent": (figures.sent, "Accepted by the mail provider."),
        "Skipped": (figures.skipped, "Emails the customer cannot or should not get."),
        "Failed": (figures.failed + figures.broken, "Refused by the provider, or the email could not be rendered."),
        "Unknown": (figures.unknown, "We don't know yet whether they were sent."),
    }
    with st.grid(3, min_column_width=150):
        for label, (number, note) in cards.items():
            st.metric(label, formats.count(shop, number), help=note, border=True)
    st.caption(f"{waiting.capitalize()}. Figures since the automation was created.")
    if figures.problem:
        st.warning(formats.plain(f"Last email that could not be rendered: {figures.problem}"), icon=":material/error:")
    links = {each.link: each.clicks for each in link_clicks(shop, automation.id)[:_MOST_LINKS]}
    outcomes = {table.OUTCOME_LABELS[each]: number for each, number in figures.outcomes.items()}
    _reasons(shop, "Results (opens are estimates)", outcomes)
    _reasons(shop, "Clicks by link", links)
    _reasons(shop, "Skipped because", {_skip_words(each): n for each, n in figures.skipped_by.items()})
    _reasons(shop, "Stopped because", {automation_words.ending_words(name): n for name, n in figures.ended.items()})
    left_out = {f"not: {automation_words.FACT_LABELS[fact].lower()}": n for fact, n in figures.left_out.items()}
    _reasons(shop, "Steps skipped by their conditions", left_out)
    if len(automation.steps) > 1:
        numbered = {f"step {n + 1}": figures.by_step.get(variant_of(n), 0) for n in range(len(automation.steps))}
        _reasons(shop, "Emails requested by step", numbered)


def _skip_words(reason: SkipReason) -> str:
    return reason.value if reason in _OF_THEMSELVES else f"the customer {reason.value}"


def _reasons(shop: Shop, title: str, numbers: Mapping[str, int]) -> None:
    if numbers:
        lines = [f"- {formats.plain(words)}: {formats.count(shop, number)}" for words, number in numbers.items()]
        st.markdown(f"**{title}**\n\n" + "\n".join(lines))


def show_dry_run(shop: Shop, actor: Actor, automation: Automation) -> None:
    """The button and the result, for the automation as the builder has it, saved or not."""
    st.markdown("See what this automation would have sent in the last 30 days. Nothing is sent.")
    if st.button("Run dry run", icon=":material/science:", type="primary"):
        with st.spinner("Checking the last 30 days …"):
            _DRY_RUN.set((automation, dry_run(shop, actor, automation)))
    known = _DRY_RUN.get()
    if known is None or known[0] != automation:
        return
    found = known[1]
    st.markdown(f"**{formats.plain(formats.counted(shop, found.total, 'email'))}** would have been sent.")
    if not found.complete:
        st.caption("Only the newest are shown.")
    if found.total:
        _by_day(shop, found)
    _reasons(shop, "Would not have been sent because", found.left_out)
    if found.sample:
        st.markdown("**Most recent**")
        rows = [_would(shop, place, each) for place, each in enumerate(found.sample)]
        show_table(Table("Emails that would have been sent", _WOULD, rows, "customer.py"), "would_have_sent")


def _by_day(shop: Shop, found: DryRun) -> None:
    days = [found.first + timedelta(days=n) for n in range((found.last - found.first).days + 1)]
    heights = [found.by_day.get(day, 0) for day in days]
    trace = {"type": "bar", "name": "Emails", "y": heights, "x": list(range(len(days)))}
    labels = [formats.short_day(shop, day) for day in days]
    summary = f"{found.total} emails on {len(days)} days."
    charts.show(charts.stacked(shop, [trace], labels, summary), "automation_dry_run")


def _would(shop: Shop, place: int, would: WouldSend) -> Row:
    cells = (
        Cell(formats.name_of(would.customer_name)),
        Cell(automation_words.template_titles(shop).get(would.template, would.template), quiet=True),
        Cell(would.order_number, quiet=True),
        Cell(formats.moment(shop, would.at), quiet=True),
    )
    return Row(str(place), cells, {"id": would.customer_id})


def show_waiting(shop: Shop, actor: Actor, automation: Automation) -> None:
    """What waits, the next first, with the way to call it off."""
    pager = Pager("automation_waiting", automation.id)
    page = list_waiting(shop, automation.id, cursor=pager.cursor)
    if not page.triggers and page.cursor is None:
        empty.nothing(
            ":material/hourglass_empty:", "Nothing is waiting", "Events appear here until their email is due."
        )
        return
    if not page.triggers:
        st.caption(f"None among the first {formats.count(shop, MOST_COUNTED)}. Go to the next page to see later ones.")
    with st.container(border=True, gap="small"):
        for trigger, name in page.triggers:
            _show_trigger(shop, actor, trigger, name)
    pager.show(page.cursor)


def _show_trigger(shop: Shop, actor: Actor, trigger: Trigger, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        due = formats.plain(f"step {trigger.step + 1}, due {formats.moment(shop, trigger.due_at)}")
        problem = f"  \n:orange[{formats.plain(trigger.problem)}]" if trigger.problem else ""
        st.markdown(f"**{formats.plain(name or trigger.customer_id)}** :gray[{due}]{problem}", width="stretch")
        if actor.may(Permission.EDIT_AUTOMATIONS):
            actions.button(
                "Cancel email",
                _call_off,
                trigger,
                key=f"call_off_{trigger.customer_id}_{trigger.slot}_{trigger.step}",
                icon=":material/cancel:",
                type="tertiary",
            )


def _call_off(trigger: Trigger) -> None:
    actions.act(
        Permission.EDIT_AUTOMATIONS,
        lambda actor: call_off(current_shop(), actor, trigger),
        "Cancelled. Nothing more is sent for this event.",
    )


def show_changes(shop: Shop, actor: Actor, automation: Automation) -> None:
    """The changes of this automation, by month and person."""
    wanted = audit_month(shop)
    filter_ = AuditFilter(wanted, target=f"automation:{automation.id}")
    entries = audit_log.list_entries(shop, actor, filter_, limit=50).entries
    if entries:
        show_table(view.entry_table(shop, entries), "automation_changes")
    else:
        empty.nothing(":material/policy:", "No changes in this month", "Choose another month.")


def audit_month(shop: Shop) -> str:
    months = audit_log.months_until_now(shop)
    return st.selectbox("Month", months, key="automation_changes_month", width=190) or months[0]
