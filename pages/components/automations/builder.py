"""The builder of an automation: what starts it, its steps, what ends it, as one sentence, and the way to save it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import streamlit as st

from backend.domain.automations import IMPLIED, MOST_STEPS, Automation, Exit, Step, TriggerKind
from backend.domain.team import Actor, Permission
from backend.services.automations.saved import get_automation
from backend.services.context import Shop
from pages.components.automations import steps as automation_steps
from pages.components.automations import words
from pages.components.automations.draft import AutomationDraft, draft_of, forget, keep, keep_mine, redraw
from pages.components.ui import actions, formats, forms, keystrokes
from pages.components.ui.actions import Trouble
from pages.components.ui.shell import current_shop

Save = Callable[[Shop, Actor, Automation], Automation]

_SAVE = "save_automation"


def show(shop: Shop, stored: Automation, save: Save, done: str) -> Automation | None:
    """Renders it; returns the automation once it was saved."""
    with keystrokes.area(_SAVE):
        return _show(shop, stored, save, done)


def _show(shop: Shop, stored: Automation, save: Save, done: str) -> Automation | None:
    draft = draft_of(stored)
    name = st.text_input(
        "Name", value=draft.base.name, max_chars=80, key=draft.key("name"), persist_state="session", width=420
    )
    kind = _kind(draft, stored)
    offered = automation_steps.fitting_templates(shop, kind)
    steps = [automation_steps.show(shop, draft, kind, n, offered) for n in range(len(draft.base.steps))]
    exits = _exits(draft, kind)
    now = replace(stored, name=name, kind=kind, steps=tuple(steps), exits=exits, version=draft.seen.version)
    draft = keep(draft, now)
    if len(steps) < MOST_STEPS and st.button("Add a step", key=draft.key("add_step"), icon=":material/add:"):
        redraw(draft, replace(now, steps=(*now.steps, Step("", timedelta(days=1)))))
        st.rerun()
    st.info(formats.plain(words.sentence(shop, now)), icon=":material/bolt:")
    return _save(draft, save, done)


def _kind(draft: AutomationDraft, stored: Automation) -> TriggerKind:
    kinds = list(TriggerKind)
    chosen = st.selectbox(
        "Trigger",
        kinds,
        index=kinds.index(draft.base.kind),
        format_func=words.KIND_LABELS.__getitem__,
        key=draft.key("kind"),
        persist_state="session",
        disabled=stored.on,
        help="Switch the automation off to change the trigger." if stored.on else None,
        width=420,
    )
    return chosen or draft.base.kind


def _exits(draft: AutomationDraft, kind: TriggerKind) -> frozenset[Exit]:
    implied = IMPLIED.get(kind, frozenset())
    offered = [exit_ for exit_ in Exit if exit_ not in implied and _makes_sense(exit_, kind)]
    chosen = st.pills(
        "Stops when",
        offered,
        selection_mode="multi",
        default=[exit_ for exit_ in offered if exit_ in draft.base.exits],
        format_func=formats.legible(str.capitalize),
        key=draft.key(f"exits_{kind.name}"),
        persist_state="session",
        wrap=True,
    )
    if implied:
        st.caption(f"It always stops when {formats.listed(sorted(exit_.value for exit_ in implied))}.")
    return frozenset(chosen)


def _makes_sense(exit_: Exit, kind: TriggerKind) -> bool:
    if exit_ is Exit.VERIFIED:
        return not kind.about_order
    if exit_ is Exit.ORDER_PAID:
        return kind is TriggerKind.ORDER_PLACED
    return kind.about_order or not exit_.about_order or exit_ is Exit.ORDERED_AGAIN


def _save(draft: AutomationDraft, save: Save, done: str) -> Automation | None:
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = actions.pressed("Save", key=_SAVE, icon=":material/save:")
        if draft.changed:
            st.caption(":material/edit: Unsaved changes.", width="content")
            if st.button("Discard", key=draft.key("discard"), type="tertiary"):
                forget(draft.seen.id)
                st.rerun()
    if not pressed:
        return None
    saved = actions.attempt(Permission.EDIT_AUTOMATIONS, lambda actor: save(current_shop(), actor, draft.now), done)
    if isinstance(saved, Trouble):
        actions.show_trouble(saved)
        if saved.stale:
            mine, seen = draft, draft.seen
            forms.show_overtaken(
                lambda: keep_mine(mine, get_automation(current_shop(), seen.id)), lambda: forget(seen.id), whole=True
            )
        return None
    forget(draft.seen.id)
    return saved
