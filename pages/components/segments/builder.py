"""The builder of segments: groups of conditions, all or any of which have to hold."""

from __future__ import annotations

import streamlit as st

from backend.domain.segment_checks import check_rule
from backend.domain.segments import DEEPEST, MOST_CONDITIONS, Group, Match, Part, Rule
from backend.errors import InvalidInputError
from backend.services.context import Shop
from pages.components.segments import conditions
from pages.components.segments.draft import Branch, SegmentDraft
from pages.components.segments.words import What, begin
from pages.components.ui import formats

_MATCHES = {Match.ALL: "All conditions", Match.ANY: "Any condition"}


def show(shop: Shop, draft: SegmentDraft) -> Rule | None:
    """Renders the builder. Returns its rule; None, with a message, while something in it is not right."""
    wrong: list[str] = []
    group = _branch(shop, draft, draft.root, 1, wrong)
    archived = st.toggle(
        "Include archived customers",
        draft.seen.rule.archived,
        key=draft.key(0, "archived"),
        persist_state="session",
        help="Campaigns never reach archived customers.",
    )
    if not wrong:
        try:
            return check_rule(Rule(group, archived))
        except InvalidInputError as error:
            wrong.append(error.sentence)
    st.caption(f":material/edit_note: {formats.plain(wrong[0])}")
    return None


def _branch(shop: Shop, draft: SegmentDraft, branch: Branch, depth: int, wrong: list[str]) -> Group:
    parts: list[Part] = []
    with st.container(border=True):
        match = _head(draft, branch, nested=depth > 1)
        for part in branch.parts:
            if isinstance(part, Branch):
                parts.append(_branch(shop, draft, part, depth + 1, wrong))
                continue
            try:
                parts.append(conditions.show(shop, draft, part))
            except InvalidInputError as error:
                wrong.append(error.sentence)
        if not branch.parts:
            st.caption("Matches everyone. Add a condition to narrow it down." if depth == 1 else "An empty group.")
        _adders(draft, branch, depth)
    return Group(match, tuple(parts))


def _head(draft: SegmentDraft, branch: Branch, *, nested: bool) -> Match:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        match = st.segmented_control(
            "Match",
            list(Match),
            format_func=formats.legible(_MATCHES.__getitem__),
            default=branch.match,
            required=True,
            key=draft.key(branch.number, "match"),
            persist_state="session",
            label_visibility="collapsed",
        )
        if nested:
            st.button(
                "Remove group",
                icon=":material/close:",
                type="tertiary",
                key=draft.key(branch.number, "remove"),
                on_click=draft.remove,
                args=(branch.number,),
            )
    return match or branch.match


def _adders(draft: SegmentDraft, branch: Branch, depth: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Add condition",
            icon=":material/add:",
            key=draft.key(branch.number, "add"),
            disabled=_full(draft),
            on_click=draft.add,
            args=(branch, begin(What.ORDERS)),
        )
        if depth < DEEPEST:
            st.button(
                "Add group",
                icon=":material/add_box:",
                type="tertiary",
                key=draft.key(branch.number, "group"),
                on_click=draft.add,
                args=(branch, None),
            )


def _full(draft: SegmentDraft) -> bool:
    return _conditions(draft.root) >= MOST_CONDITIONS


def _conditions(branch: Branch) -> int:
    return sum(_conditions(part) if isinstance(part, Branch) else 1 for part in branch.parts)
