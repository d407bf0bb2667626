"""One step of an automation in the builder: how long it waits, which email it sends, and only if what."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from backend.domain.automations import LONGEST_DELAY, MOST_CONDITIONS, Condition, Fact, Step, TriggerKind
from backend.domain.emails import Need, TemplateFacts
from backend.domain.money import parse_amount
from backend.domain.orders import OrderStatus
from backend.errors import InvalidInputError
from backend.services.context import Shop
from backend.services.templates import catalogue
from pages.components.automations import words
from pages.components.automations.draft import AutomationDraft, redraw, with_condition, with_step, without_condition
from pages.components.templates import fields as template_fields
from pages.components.ui import caching, formats
from pages.components.ui.navigation import page_of

_UNITS = {"minutes": timedelta(minutes=1), "hours": timedelta(hours=1), "days": timedelta(days=1)}


def fitting_templates(shop: Shop, kind: TriggerKind) -> dict[str, TemplateFacts]:
    """The emails that an automation of this kind can fill, by name."""
    found = [state.facts for state in catalogue.list_templates(shop)]
    return {
        facts.name: facts
        for facts in found
        if Need.MEMBER not in facts.needs and (kind.about_order or Need.ORDER not in facts.needs)
    }


def show(shop: Shop, draft: AutomationDraft, kind: TriggerKind, number: int, offered: dict[str, TemplateFacts]) -> Step:
    """Renders the step; returns it as its widgets say."""
    base = draft.base.steps[number]
    with st.container(border=True):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.markdown(f"**Step {number + 1}**", width="content")
            if len(draft.base.steps) > 1 and st.button(
                "Remove", key=draft.key(f"{number}_remove"), icon=":material/delete:", type="tertiary"
            ):
                redraw(draft, with_step(draft.now, number, None))
                st.rerun()
        delay = _delay(draft, kind, number, base)
        name = _template(draft, number, base, offered)
        fields = _fields(draft, number, base, offered.get(name))
        conditions = _conditions(shop, draft, kind, number, base)
        step = Step(name, delay, conditions, fields)
        _add_condition(draft, kind, number, step)
    return step


def _delay(draft: AutomationDraft, kind: TriggerKind, number: int, base: Step) -> timedelta:
    unit, size = words.unit_of(base.delay)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        since = "the order was placed" if kind.counts_from_order else "it happened"
        amount = st.number_input(
            f"Wait after {since}" if number == 0 else "Wait after the previous step",
            min_value=0,
            max_value=LONGEST_DELAY // timedelta(minutes=1),
            value=base.delay // size,
            key=draft.key(f"{number}_amount"),
            persist_state="session",
            width=200,
        )
        units = list(_UNITS)
        chosen = st.selectbox(
            "Unit",
            units,
            index=units.index(f"{unit}s"),
            key=draft.key(f"{number}_unit"),
            persist_state="session",
            label_visibility="collapsed",
            width=130,
        )
    return int(amount or 0) * _UNITS[chosen or units[0]]


def _template(draft: AutomationDraft, number: int, base: Step, offered: dict[str, TemplateFacts]) -> str:
    names = list(offered)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Email",
            names,
            index=names.index(base.template) if base.template in offered else None,
            format_func=lambda name: f"{offered[name].title} ({offered[name].kind})",
            placeholder="Choose what to send",
            key=draft.key(f"{number}_template"),
            persist_state="session",
        )
        if chosen:
            link = page_of("template.py")
            st.page_link(link, label="Preview", icon=":material/visibility:", query_params={"name": chosen}, help="")
    return chosen or ""


def _fields(draft: AutomationDraft, number: int, base: Step, template: TemplateFacts | None) -> dict[str, str]:
    """What the template asks for: the same for everybody who gets it from this automation."""
    typed = {
        field.name: template_fields.ask(
            field,
            draft.key(f"{number}_field_{template.name if template else ''}_{field.name}"),
            base.fields.get(field.name, "") if template and base.template == template.name else "",
        )
        for field in (template.fields if template else ())
    }
    return {name: value.strip() for name, value in typed.items() if value.strip()}


def _conditions(
    shop: Shop, draft: AutomationDraft, kind: TriggerKind, number: int, base: Step
) -> tuple[Condition, ...]:
    found: list[Condition] = []
    for place, condition in enumerate(base.conditions):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            value = _value(shop, draft.key(f"{number}_{place}_value"), condition)
            removed = st.button(
                "Remove condition", key=draft.key(f"{number}_{place}_remove"), icon=":material/close:", type="tertiary"
            )
        found.append(Condition(condition.fact, value))
        if removed:
            now = draft.now.steps[number]
            redraw(draft, with_step(draft.now, number, without_condition(now, place)))
            st.rerun()
    return tuple(found)


def _value(shop: Shop, key: str, condition: Condition) -> str:
    fact, label = condition.fact, f"Only if: {words.FACT_LABELS[condition.fact].lower()}"
    if fact is Fact.CONSENT:
        st.markdown(formats.plain(label), width="content")
        return ""
    if fact is Fact.STATUS:
        options = [status.value for status in OrderStatus]
        place = options.index(condition.value) if condition.value in options else 1
        return st.selectbox(label, options, index=place, key=key, persist_state="session", width=260) or ""
    if fact in (Fact.COUNTRY, Fact.TAG, Fact.NO_TAG, Fact.SEGMENT):
        return _choice(shop, label, key, condition)
    shown = formats.amount_text(shop, int(condition.value)) if fact.is_amount and condition.value else condition.value
    typed = st.text_input(label, value=shown, max_chars=100, key=key, persist_state="session", width=260)
    return _amount(shop, typed) if fact.is_amount else typed.strip()


def _choice(shop: Shop, label: str, key: str, condition: Condition) -> str:
    """A country, a segment, or a tag that customers have."""
    if condition.fact in (Fact.COUNTRY, Fact.SEGMENT):
        names = formats.countries(shop) if condition.fact is Fact.COUNTRY else caching.segment_names(shop)
        options = list(names)
    else:
        options, names = list(caching.counts_of(shop, "tag")), {}
    if condition.value and condition.value not in options:
        options.insert(0, condition.value)
    place = options.index(condition.value) if condition.value in options else None
    chosen = st.selectbox(
        label,
        options,
        index=place,
        format_func=lambda value: names.get(value, value),
        key=key,
        persist_state="session",
        width=260,
    )
    return chosen or ""


def _amount(shop: Shop, typed: str) -> str:
    try:
        return str(parse_amount(typed, shop.currency, decimal_comma=formats.decimal_comma(shop))) if typed else ""
    except InvalidInputError:
        return typed  # the error is shown when it is saved


def _add_condition(draft: AutomationDraft, kind: TriggerKind, number: int, step: Step) -> None:
    facts = [fact for fact in Fact if kind.about_order or not fact.about_order]
    if len(step.conditions) >= MOST_CONDITIONS:
        return
    chosen = st.selectbox(
        "Only if …",
        facts,
        index=None,
        format_func=words.FACT_LABELS.__getitem__,
        placeholder="Add a condition",
        key=draft.key(f"{number}_add_{len(step.conditions)}"),
        label_visibility="collapsed",
        width=260,
    )
    if chosen is not None:
        redraw(draft, with_step(draft.now, number, with_condition(step, chosen)))
        st.rerun()
