"""The part of a campaign's form that compares several emails: subjects, texts, or whole emails."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.domain.campaigns import VARIANT_KEYS, Draft, Measure, SplitTest, Variant
from backend.domain.emails import TemplateFacts
from backend.services.campaigns.content import comparable_templates
from pages.components.campaigns import fields as campaign_fields

_START = SplitTest((Variant("A"), Variant("B")))


def ask(
    offered: Mapping[str, TemplateFacts], own: TemplateFacts, place: str, draft: Draft, fields: Mapping[str, str]
) -> SplitTest | None:
    """The test, or None. `own` and `fields` are the email above: what a variant has unless it says otherwise."""
    label = ":material/science: A/B test subjects or emails"
    if not st.toggle(label, draft.test is not None, key=f"{place}_test", persist_state="session"):
        return None
    given = draft.test or _START
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input(
            "Variants",
            2,
            len(VARIANT_KEYS),
            len(given.variants),
            key=f"{place}_test_number",
            persist_state="session",
            width=120,
        )
        share = st.number_input(
            "Test share (%)", 1, 100, given.share, key=f"{place}_share", persist_state="session", width=200
        )
        wait = campaign_fields.ask_wait("Then wait", f"{place}_test_wait", given.wait)
        measure = _measure(place, given.measure)
    others = comparable_templates(offered, own)
    earlier = {variant.key: variant for variant in given.variants}
    variants = [
        _variant(others, own, f"{place}_variant_{key}", earlier.get(key, Variant(key)), fields)
        for key in VARIANT_KEYS[: int(number)]
    ]
    st.caption(
        "After the wait, everyone else gets the winner. Opens are an estimate: some mail apps open emails themselves."
    )
    return SplitTest(tuple(variants), int(share), wait, measure)


def _measure(place: str, before: Measure) -> Measure:
    chosen = st.selectbox(
        "Winner has more",
        list(Measure),
        index=list(Measure).index(before),
        format_func=lambda measure: str(measure.value),
        key=f"{place}_measure",
        persist_state="session",
        width=190,
    )
    return chosen or before


def _variant(
    others: Mapping[str, TemplateFacts], own: TemplateFacts, key: str, before: Variant, fields: Mapping[str, str]
) -> Variant:
    with st.container(border=True):
        st.markdown(f"**Variant {before.key}**")
        subject = st.text_input(
            f"Subject of variant {before.key}",
            before.subject,
            key=key,
            persist_state="session",
            max_chars=300,
            placeholder="Leave empty to use the subject above",
        )
        template = _template(others, own, key, before)
        texts = _texts(others[template], own, key, before, fields)
    return Variant(before.key, subject, "" if template == own.name else template, fields=texts)


def _template(others: Mapping[str, TemplateFacts], own: TemplateFacts, key: str, before: Variant) -> str:
    names = list(others)
    return st.selectbox(
        f"Email of variant {before.key}",
        names,
        index=names.index(before.template) if before.template in names else 0,
        format_func=lambda name: f"{others[name].title}{', as above' if name == own.name else ''}",
        key=f"{key}_template_{own.name}",
        persist_state="session",
        help="Only emails about the same topic can be compared, because they go to the same customers.",
    )


def _texts(
    template: TemplateFacts, own: TemplateFacts, key: str, before: Variant, fields: Mapping[str, str]
) -> dict[str, str] | None:
    """Texts of its own; None when those above serve. Another email always has its own."""
    if not template.fields:
        return None
    is_own = template.name == own.name
    known = before.fields if before.fields is not None and (before.template or own.name) == template.name else fields
    if is_own and not st.toggle(
        f"Text changes in variant {before.key}",
        before.fields is not None and not before.template,
        key=f"{key}_other_texts_{template.name}",
        persist_state="session",
    ):
        return None
    return campaign_fields.ask(template, f"{key}_field_{template.name}", known)
