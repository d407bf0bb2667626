"""The list of automations: what each does, whether it is on, and its figures; and a hint on the page Send."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backend.domain.automations import Automation
from backend.domain.delivery import Outcome
from backend.domain.team import Actor, Permission
from backend.services.automations import defaults, saved
from backend.services.automations.figures import Figures
from backend.services.automations.saved import sending
from backend.services.automations.waiting_triggers import Waiting
from backend.services.context import Shop
from pages.components.automations import words
from pages.components.automations import words as automation_words
from pages.components.ui import actions, caching, formats
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop
from pages.components.ui.state import Slot

_SWITCHED: Slot[int] = Slot("automation.switched")
"""How often somebody has pressed a switch: each time it gets a new key, and shows what is stored."""


def show(shop: Shop, actor: Actor, automations: list[Automation], waiting: Waiting) -> None:
    """One box for each."""
    for automation in automations:
        figures = caching.automation_figures(shop, automation.id)
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.page_link(
                    page_of("automation.py"),
                    label=f"**{formats.plain(automation.name)}**",
                    icon=":material/bolt:" if automation.on else ":material/bedtime:",
                    query_params={"id": automation.id},
                    help="",
                )
                switch(actor, automation)
            st.markdown(formats.plain(automation_words.sentence(shop, automation)))
            st.markdown(f":small[:gray[{formats.plain(_figures(shop, automation, figures, waiting))}]]")


def switch(actor: Actor, automation: Automation) -> None:
    """The switch of one automation, for those who may use it."""
    st.toggle(
        "On",
        value=automation.on,
        key=f"{_switch_of(automation)}_{automation.version}_{_SWITCHED.get() or 0}",
        disabled=not actor.may(Permission.EDIT_AUTOMATIONS),
        on_change=_switched,
        args=(automation,),
    )
    actions.show_refusal(_switch_of(automation))


def _switch_of(automation: Automation) -> str:
    return f"automation_on_{automation.id}"


def _switched(seen: Automation) -> None:
    name, beside = seen.name, _switch_of(seen)
    _SWITCHED.set((_SWITCHED.get() or 0) + 1)
    if seen.on:
        actions.act(
            Permission.EDIT_AUTOMATIONS,
            lambda actor: saved.switch_off(current_shop(), actor, seen.id, seen.version),
            f"“{name}” is off. Emails due from now on are not sent.",
            beside=beside,
        )
    else:
        actions.act(
            Permission.EDIT_AUTOMATIONS,
            lambda actor: saved.switch_on(current_shop(), actor, seen.id, seen.version),
            f"“{name}” is on. Active in a few seconds.",
            beside=beside,
        )


def _figures(shop: Shop, automation: Automation, figures: Figures, waiting: Waiting) -> str:
    parts = [waiting_words(shop, automation.id, waiting), f"{formats.count(shop, figures.sent)} sent"]
    if figures.skipped:
        parts.append(f"{formats.count(shop, figures.skipped)} skipped")
    if trouble := figures.failed + figures.broken:
        parts.append(f"{formats.count(shop, trouble)} failed")
    if figures.unknown:
        parts.append(f"{formats.count(shop, figures.unknown)} unknown")
    parts += _rates(shop, figures.outcomes, figures.sent)
    return " · ".join(parts)


def _rates(shop: Shop, outcomes: Mapping[Outcome, int], sent: int) -> list[str]:
    words = ((Outcome.OPENED, "opened"), (Outcome.CLICKED, "clicked"))
    return [
        f"{formats.percent(shop, outcomes[outcome] / sent)} {word}"
        for outcome, word in words
        if sent and outcome in outcomes
    ]


def waiting_words(shop: Shop, automation_id: str, waiting: Waiting) -> str:
    """How many triggers wait; of a shop with very many, how many at least."""
    number = formats.count(shop, waiting.by_automation.get(automation_id, 0))
    return f"at least {number} waiting" if waiting.more else f"{number} waiting"


def offer_defaults(actor: Actor) -> None:
    """The button that adds the four standard automations."""
    if actor.may(Permission.EDIT_AUTOMATIONS):
        actions.button(
            "Add the four standard automations", _add_defaults, key="add_defaults", icon=":material/playlist_add:"
        )


def _add_defaults() -> None:
    actions.act(
        Permission.EDIT_AUTOMATIONS,
        lambda actor: defaults.add_defaults(current_shop(), actor),
        "Added and switched off. Check each one before you switch it on.",
    )


def hint(shop: Shop, template: str) -> None:
    """One sentence for each automation that is on and sends this email; nothing when none does."""
    for automation in sending(shop, template):
        sentence = f"Sent automatically by “{automation.name}”. {words.sentence(shop, automation)}"
        st.info(formats.plain(sentence), icon=":material/bolt:")
        st.page_link(
            page_of("automation.py"),
            label="Open automation",
            icon=":material/bolt:",
            query_params={"id": automation.id},
            help="",
        )
