"""The form of a campaign: the email, the segment, the sending options. Its widgets give a draft for the service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time

import streamlit as st

from backend.domain.campaigns import Canary, Draft, Hours, Limits
from backend.domain.emails import Kind, TemplateFacts
from backend.domain.team import Actor
from backend.services.campaigns.content import sendable_templates
from backend.services.context import Shop
from backend.services.segments.library import list_segments
from backend.services.segments.ready import READY
from pages.components.campaigns import comparison_form
from pages.components.campaigns import fields as campaign_fields
from pages.components.templates import gallery
from pages.components.ui import formats
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_NEW = Draft("", "", "")


def choose(shop: Shop, actor: Actor, place: str, before: Draft | None) -> Draft | None:
    """Renders the form; None until an email and a segment are chosen. `place` is part of the widgets' keys."""
    draft = before or _NEW
    st.header("Email", anchor=False)
    name = st.text_input(
        "Name of the campaign",
        draft.name,
        key=f"{place}_name",
        persist_state="session",
        max_chars=100,
        placeholder="For example: Spring newsletter",
        help="For the team; customers do not see it.",
    )
    offered = sendable_templates(shop)
    template = _choose_template(offered, place, draft)
    if template is None:
        st.caption("Choose an email to continue.")
        return None
    subject = st.text_input(
        "Subject",
        draft.subject,
        key=f"{place}_subject",
        persist_state="session",
        max_chars=300,
        placeholder="Subject of the email",
        help="Leave empty to use the subject of the email.",
    )
    fields = campaign_fields.ask(template, f"{place}_field_{template.name}", draft.fields)
    st.header("Audience", anchor=False)
    segment = _choose_segment(shop, actor, place, draft)
    st.header("Sending options", anchor=False)
    with st.container(border=True):
        canary = _canary(place, draft.canary)
        test = comparison_form.ask(offered, template, place, draft, fields)
        holdout = _holdout(place, draft.holdout)
        hours = _hours(place, draft.hours)
        limits = _limits(place, draft.limits)
    if not segment:
        st.caption("Choose a segment to continue.")
        return None
    return Draft(name, template.name, segment, subject, fields, test, canary, holdout, hours, limits, draft.result_days)


def _choose_template(offered: Mapping[str, TemplateFacts], place: str, draft: Draft) -> TemplateFacts | None:
    names = sorted(offered, key=lambda name: (offered[name].kind is not Kind.MARKETING, offered[name].title))
    chosen = st.selectbox(
        "Email",
        names,
        index=names.index(draft.template) if draft.template in names else None,
        format_func=lambda name: f"{offered[name].title} ({gallery.KIND_LABELS[offered[name].kind].lower()})",
        placeholder="Choose what to send",
        key=f"{place}_template",
        persist_state="session",
    )
    if chosen is None:
        return None
    st.caption(formats.plain(f"{offered[chosen].purpose} {gallery.KIND_MEANINGS[offered[chosen].kind]}"))
    return offered[chosen]


def _choose_segment(shop: Shop, actor: Actor, place: str, draft: Draft) -> str:
    names = {segment.id: segment.name for segment in (*list_segments(shop, actor), *READY)}
    asked, key = st.query_params.get("segment", ""), f"{place}_segment"
    came_for: Slot[str] = Slot(f"{place}.came_for")
    if asked in names and came_for.get() != asked:  # by the link of a segment, also when a draft is there already
        came_for.set(asked)
        st.session_state[key] = asked
    wanted = draft.segment_id
    chosen = st.selectbox(
        "Segment",
        list(names),
        index=list(names).index(wanted) if wanted in names else None,
        format_func=lambda segment: names.get(segment, segment),
        placeholder="Choose a segment",
        key=key,
        persist_state="session",
    )
    st.caption("Customers without consent, or unreachable, are skipped and counted by reason.")
    st.page_link(page_of("segments.py"), label="View or create segments", help="")
    return chosen or ""


def _canary(place: str, before: Canary | None) -> Canary | None:
    on = st.toggle(
        ":material/looks_one: Send to a test group first",
        before is not None,
        key=f"{place}_canary",
        persist_state="session",
        help="Stops automatically when too many emails bounce or are marked as spam.",
    )
    if not on:
        return None
    given = before or Canary()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        share = st.number_input(
            "Test group (%)", 1, 50, given.share, key=f"{place}_canary_share", persist_state="session", width=180
        )
        wait = campaign_fields.ask_wait("Then wait", f"{place}_canary_wait", given.wait)
    return Canary(int(share), wait)


def _holdout(place: str, before: int) -> int:
    on = st.toggle(
        ":material/balance: Hold out a control group",
        before > 0,
        key=f"{place}_holdout",
        persist_state="session",
        help="Their orders are compared with those of the recipients.",
    )
    if not on:
        return 0
    return int(
        st.number_input(
            "Control group (%)", 1, 50, before or 10, key=f"{place}_holdout_share", persist_state="session", width=180
        )
    )


def _hours(place: str, before: Hours | None) -> Hours | None:
    on = st.toggle(
        ":material/schedule: Send in business hours only",
        before is not None,
        key=f"{place}_hours",
        persist_state="session",
        help="Shop time. Remaining emails go out the next day.",
    )
    if not on:
        return None
    given = before or Hours()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = st.time_input(
            "From",
            given.start,
            format=formats.clock_of(current_shop()),
            key=f"{place}_from",
            persist_state="session",
            width=130,
        )
        end = st.time_input(
            "Until",
            given.end,
            format=formats.clock_of(current_shop()),
            key=f"{place}_until",
            persist_state="session",
            width=130,
        )
        weekdays = st.checkbox(
            "Monday to Friday only", given.weekdays_only, key=f"{place}_weekdays", persist_state="session"
        )
    return Hours(start or time(9), end or time(18), weekdays)


def _limits(place: str, before: Limits) -> Limits:
    with st.expander("Automatic stop", icon=":material/front_hand:"):
        st.caption("SES reviews an account at 5% bounces or 0.1% complaints, so the campaign stops before that.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            bounces = st.number_input(
                "Bounces (%)",
                0.1,
                100.0,
                before.bounces * 100,
                step=0.5,
                key=f"{place}_bounces",
                persist_state="session",
                width=180,
            )
            complaints = st.number_input(
                "Complaints (%)",
                0.01,
                100.0,
                before.complaints * 100,
                step=0.01,
                format="%.2f",
                key=f"{place}_complaints",
                persist_state="session",
                width=180,
            )
            least = st.number_input(
                "Minimum emails sent",
                1,
                1_000_000,
                before.least,
                key=f"{place}_least",
                persist_state="session",
                width=220,
            )
    return Limits(round(bounces / 100, 6), round(complaints / 100, 6), int(least))
