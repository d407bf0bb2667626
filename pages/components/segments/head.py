"""The head of a segment's page: what can be done with it, and how it is saved."""

from __future__ import annotations

import streamlit as st

from backend.domain.automations import asks_for_segment
from backend.domain.segments import Rule, Segment
from backend.domain.team import Actor, Permission
from backend.services.campaigns.saved import campaigns_with
from backend.services.context import Shop
from backend.services.segments import library
from backend.services.segments.audience import get_segment
from backend.services.segments.preview import export_segment
from backend.services.triggers.active import all_automations
from pages.components.segments import draft as segment_draft
from pages.components.segments.draft import SegmentDraft
from pages.components.segments.opening import forget_new
from pages.components.ui import actions, formats, forms, guard
from pages.components.ui.actions import Trouble
from pages.components.ui.dialogs import Dialog
from pages.components.ui.downloads import offer_export
from pages.components.ui.navigation import page_of
from pages.components.ui.shell import current_shop

SAVE = "save_segment"
"""The key of the main button."""


def show_links(shop: Shop, actor: Actor, segment: Segment) -> None:
    """What can be done with a saved or ready segment."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if actor.may(Permission.PLAN_CAMPAIGNS):
            st.page_link(
                page_of("new_campaign.py"),
                label="Plan a campaign",
                icon=":material/campaign:",
                help="",
                query_params={"segment": segment.id},
            )
        if actor.may(Permission.EDIT_SEGMENTS):
            st.page_link(
                page_of("segment.py"),
                label="Duplicate",
                icon=":material/content_copy:",
                help="",
                query_params={"copy": segment.id},
            )
        offer_export(
            shop,
            actor,
            "members",
            lambda who, to, kind: export_segment(shop, who, segment.rule, to, kind, name=segment.id),
        )
        if actor.may(Permission.EDIT_SEGMENTS) and not segment.ready:
            DELETE.opener("Delete", segment, icon=":material/delete:")
    DELETE.show()


def show_saving(shop: Shop, draft: SegmentDraft, rule: Rule | None, stored: Segment) -> None:
    """Name, description and the buttons. What was typed stays when saving is refused.

    Who has changed nothing sees what somebody else saves meanwhile; who has is asked when saving.
    """
    seen = draft.seen
    with st.container(border=True):
        name = st.text_input(
            "Name", seen.name, key=draft.key(0, "name"), max_chars=80, persist_state="session", autocomplete="off"
        )
        text = st.text_input(
            "Description (optional)",
            seen.text,
            key=draft.key(0, "text"),
            max_chars=300,
            persist_state="session",
            autocomplete="off",
        )
        changed = draft.new or rule is None or (rule, name.strip(), text.strip()) != (seen.rule, seen.name, seen.text)
        missing = "Complete the conditions above first." if rule is None else "" if name.strip() else "Enter a name."
        if not changed and stored.version != seen.version:
            segment_draft.forget(seen.id)
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = actions.pressed("Save segment", key=SAVE, icon=":material/save:", missing=missing)
            if changed and not draft.new:
                st.button(
                    "Discard changes",
                    key="discard_segment",
                    type="tertiary",
                    on_click=segment_draft.forget,
                    args=(seen.id,),
                )
                st.caption("Unsaved changes.", width="content")
    if pressed and rule is not None:
        _save(shop, draft, name, rule, text)


def _save(shop: Shop, draft: SegmentDraft, name: str, rule: Rule, text: str) -> None:
    seen = draft.seen

    def save(actor: Actor) -> Segment:
        if draft.new:
            return library.create_segment(shop, actor, seen.id, name, rule, text)
        return library.update_segment(shop, actor, seen.id, name, rule, text, seen_version=seen.version)

    saved = actions.attempt(Permission.EDIT_SEGMENTS, save, "Segment saved.")
    if isinstance(saved, Trouble):
        actions.show_trouble(saved)
        if saved.stale:
            forms.show_overtaken(
                lambda: draft.keep(get_segment(current_shop(), seen.id)),
                lambda: segment_draft.forget(seen.id),
                whole=True,
            )
        return
    segment_draft.forget(seen.id)
    if draft.new:
        forget_new()
        st.switch_page(page_of("segment.py"), query_params={"id": saved.id})
    st.rerun()


def _delete(seen: Segment) -> None:
    st.markdown(f"The segment **{formats.plain(seen.name)}** will be deleted. Its customers stay.")
    if used := [each.name for each in campaigns_with(current_shop(), guard.require(Permission.EDIT_SEGMENTS), seen.id)]:
        names = formats.plain(formats.listed([f"“{name}”" for name in used]))
        st.warning(
            f"{names} {'uses' if len(used) == 1 else 'use'} it and {'is' if len(used) == 1 else 'are'} not over yet. "
            "Planned campaigns keep the current rule, but cannot be planned again.",
            icon=":material/campaign:",
        )
    else:
        st.caption("Campaigns planned with it keep the current rule.")
    if asking := [each.name for each in all_automations(current_shop()) if asks_for_segment(each, seen.id)]:
        names = formats.plain(formats.listed([f"“{name}”" for name in asking]))
        st.warning(
            f"{names} {'asks' if len(asking) == 1 else 'ask'} for it. Without it, the email of that step is not sent.",
            icon=":material/bolt:",
        )
    if st.button("Delete this segment", type="primary", icon=":material/delete:", width="stretch", key="delete_now"):
        done = actions.attempt(
            Permission.EDIT_SEGMENTS,
            lambda actor: library.delete_segment(current_shop(), actor, seen.id, seen_version=seen.version),
            "Segment deleted.",
        )
        if isinstance(done, Trouble):
            actions.show_trouble(done)
            return
        DELETE.close()
        segment_draft.forget(seen.id)
        st.switch_page(page_of("segments.py"))


DELETE = Dialog[Segment]("delete_segment", "Delete the segment?", _delete, icon=":material/delete:")
