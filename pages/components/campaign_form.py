"""The form of a campaign: what is sent, to whom, how carefully. Its widgets give a draft for the service to check."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta

import streamlit as st

from backend.domain.campaigns import Canary, Draft, Hours, Limits, Measure, SplitTest, Variant
from backend.domain.emails import Kind, Need, TemplateFacts, TemplateField
from backend.domain.team import Actor
from backend.services import templates
from backend.services.context import Shop
from backend.services.segments.library import list_segments
from backend.services.segments.ready import READY
from pages.components import campaign_words, email_gallery, formats
from pages.components.navigation import page_of

_WAITS = tuple(timedelta(minutes=minutes) for minutes in (10, 30, 60, 120, 240, 480, 1440))
_VARIANTS = "ABCD"
_NEW = Draft("", "", "")


def choose(here: Shop, actor: Actor, place: str, before: Draft | None) -> Draft | None:
    """Draws the form; None until an email and a segment are chosen. `place` tells the forms of campaigns apart."""
    draft = before or _NEW
    st.subheader("What is sent", anchor=False)
    name = st.text_input(
        "Name of the campaign",
        draft.name,
        key=f"{place}_name",
        max_chars=100,
        placeholder="Such as: Spring newsletter",
        help="For the team; customers do not see it.",
    )
    template = _choose_template(here, place, draft)
    if template is None:
        st.caption("Choose an email to go on.")
        return None
    subject = st.text_input(
        "Subject",
        draft.subject,
        key=f"{place}_subject",
        max_chars=300,
        placeholder="As it stands in the email",
        help="Empty: the subject of the email as it is.",
    )
    fields = _fields(template, place, draft.fields)
    st.subheader("To whom", anchor=False)
    segment = _choose_segment(here, actor, place, draft)
    st.subheader("How carefully", anchor=False)
    with st.container(border=True):
        canary = _canary(place, draft.canary)
        test = _test(place, draft.test)
        holdout = _holdout(place, draft.holdout)
        hours = _hours(place, draft.hours)
        limits = _limits(place, draft.limits)
    if not segment:
        st.caption("Choose a segment to go on.")
        return None
    return Draft(name, template.name, segment, subject, fields, test, canary, holdout, hours, limits, draft.result_days)


def _choose_template(here: Shop, place: str, draft: Draft) -> TemplateFacts | None:
    offered = {
        state.facts.name: state.facts
        for state in templates.list_templates(here)
        if not set(state.facts.needs) - {Need.CUSTOMER}
    }
    names = sorted(offered, key=lambda name: (offered[name].kind is not Kind.MARKETING, offered[name].title))
    chosen = st.selectbox(
        "Email",
        names,
        index=names.index(draft.template) if draft.template in names else None,
        format_func=lambda name: f"{offered[name].title} ({email_gallery.KIND_LABELS[offered[name].kind].lower()})",
        placeholder="Choose what to send",
        key=f"{place}_template",
    )
    if chosen is None:
        return None
    st.caption(formats.plain(f"{offered[chosen].purpose} {email_gallery.KIND_MEANINGS[offered[chosen].kind]}"))
    return offered[chosen]


def _fields(template: TemplateFacts, place: str, before: Mapping[str, str]) -> dict[str, str]:
    """What the template asks for; what may stay empty is folded away."""
    key = f"{place}_field_{template.name}"
    required = [field for field in template.fields if field.required]
    optional = [field for field in template.fields if not field.required]
    values = {field.name: _field(field, key, before) for field in required}
    if optional:
        with st.expander("More parts of this email, which may stay empty", icon=":material/add_notes:"):
            values |= {field.name: _field(field, key, before) for field in optional}
    return values


def _field(field: TemplateField, key: str, before: Mapping[str, str]) -> str:
    return st.text_input(
        field.label,
        before.get(field.name, ""),
        key=f"{key}_{field.name}",
        placeholder="https://…" if field.is_url else "",
        max_chars=20_000,
    )


def _choose_segment(here: Shop, actor: Actor, place: str, draft: Draft) -> str:
    names = {segment.id: segment.name for segment in (*list_segments(here, actor), *READY)}
    wanted = draft.segment_id or st.query_params.get("segment", "")
    chosen = st.selectbox(
        "Segment",
        list(names),
        index=list(names).index(wanted) if wanted in names else None,
        format_func=lambda segment: names.get(segment, segment),
        placeholder="Choose who should get it",
        key=f"{place}_segment",
    )
    st.caption("Who has not agreed, has unsubscribed or cannot be reached is left out, and counted by reason.")
    st.page_link(page_of("segments.py"), label="Look at the segments, or make one", help="")
    return chosen or ""


def _canary(place: str, before: Canary | None) -> Canary | None:
    on = st.toggle(
        ":material/looks_one: Send to a few first, and look before going on",
        before is not None,
        key=f"{place}_canary",
        help="Stops by itself when too many bounce or complain.",
    )
    if not on:
        return None
    given = before or Canary()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        share = st.number_input("First share in percent", 1, 50, given.share, key=f"{place}_canary_share", width=180)
        wait = _wait("Then wait", place, "canary_wait", given.wait)
    return Canary(int(share), wait)


def _test(place: str, before: SplitTest | None) -> SplitTest | None:
    on = st.toggle(":material/science: Compare several subjects (A/B test)", before is not None, key=f"{place}_test")
    if not on:
        return None
    given = before or SplitTest((Variant("A"), Variant("B")))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input("Variants", 2, 4, len(given.variants), key=f"{place}_test_number", width=120)
        share = st.number_input("Share of the test in percent", 1, 100, given.share, key=f"{place}_share", width=200)
        wait = _wait("Then wait", place, "test_wait", given.wait)
        measure = st.selectbox(
            "The better one has more",
            list(Measure),
            index=list(Measure).index(given.measure),
            format_func=lambda measure: str(measure.value),
            key=f"{place}_measure",
            width=190,
        )
    earlier = {variant.key: variant for variant in given.variants}
    variants = tuple(_variant(place, key, earlier.get(key, Variant(key))) for key in _VARIANTS[: int(number)])
    st.caption("After the wait the others get the better one. Opens are an estimate: mail programs open by themselves.")
    return SplitTest(variants, int(share), wait, measure or given.measure)


def _variant(place: str, key: str, before: Variant) -> Variant:
    subject = st.text_input(
        f"Subject of variant {key}",
        before.subject,
        key=f"{place}_variant_{key}",
        max_chars=300,
        placeholder="Empty: the subject above",
    )
    return Variant(key, subject, before.template)


def _holdout(place: str, before: int) -> int:
    on = st.toggle(
        ":material/balance: Keep some from getting it, to see what the email brings",
        before > 0,
        key=f"{place}_holdout",
        help="Their orders are compared with those of the others.",
    )
    if not on:
        return 0
    return int(st.number_input("Kept back, in percent", 1, 50, before or 10, key=f"{place}_holdout_share", width=180))


def _hours(place: str, before: Hours | None) -> Hours | None:
    on = st.toggle(
        ":material/schedule: Send in business hours only",
        before is not None,
        key=f"{place}_hours",
        help="In the shop's time. What is left over goes on the next day.",
    )
    if not on:
        return None
    given = before or Hours()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = st.time_input("From", given.start, key=f"{place}_from", width=130)
        end = st.time_input("Until", given.end, key=f"{place}_until", width=130)
        weekdays = st.checkbox("Monday to Friday only", given.weekdays_only, key=f"{place}_weekdays")
    return Hours(start or time(9), end or time(18), weekdays)


def _limits(place: str, before: Limits) -> Limits:
    with st.expander("When it stops by itself", icon=":material/front_hand:"):
        st.caption("SES looks into an account from 5% bounces and 0.1% complaints on, so it stops before.")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            bounces = st.number_input(
                "Bounces in percent", 0.1, 100.0, before.bounces * 100, step=0.5, key=f"{place}_bounces", width=180
            )
            complaints = st.number_input(
                "Complaints in percent",
                0.01,
                100.0,
                before.complaints * 100,
                step=0.01,
                format="%.2f",
                key=f"{place}_complaints",
                width=180,
            )
            least = st.number_input(
                "Not before so many were sent", 1, 1_000_000, before.least, key=f"{place}_least", width=220
            )
    return Limits(round(bounces / 100, 6), round(complaints / 100, 6), int(least))


def _wait(label: str, place: str, name: str, before: timedelta) -> timedelta:
    options = sorted({*_WAITS, before})
    return st.selectbox(
        label,
        options,
        index=options.index(before),
        format_func=campaign_words.waiting,
        key=f"{place}_{name}",
        width=150,
    )
