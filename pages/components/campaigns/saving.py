"""Saving the draft of a campaign: once per form, and never over somebody else's change."""

from __future__ import annotations

import streamlit as st

from backend.domain.campaigns import Campaign, Draft
from backend.domain.team import Actor, Permission
from backend.services.campaigns.drafts import create_campaign, update_draft
from backend.services.context import Shop
from pages.components.ui import actions
from pages.components.ui.actions import Trouble
from pages.components.ui.navigation import page_of
from pages.components.ui.state import Slot, forget_fields

NEW_ID: Slot[str] = Slot("new_campaign.id")
"""The id of the campaign whose form is drawn: however often it is sent off, one campaign is created."""


_SEEN: Slot[Campaign] = Slot("new_campaign.seen")
"""The campaign as it was when its form was first drawn: what is saved replaces that version and no other."""


def as_first_seen(campaign: Campaign) -> Campaign:
    """The version that the form shows. When there is a newer one, that is said, with the way to it."""
    seen = _SEEN.get()
    if seen is None or seen.id != campaign.id:
        _SEEN.set(campaign)
        return campaign
    if seen.version != campaign.version:
        st.warning("Someone else has changed this campaign since you opened it.", icon=":material/sync_problem:")
        st.button("Show theirs and discard my changes", icon=":material/refresh:", on_click=_SEEN.clear)
    return seen


def save_button(here: Shop, campaign_id: str, before: Campaign | None, draft: Draft | None) -> None:
    """The button; afterwards the campaign's own page opens, where it is checked and started."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = actions.pressed(
            "Save and continue" if before is None else "Save changes",
            key=f"save_campaign_{campaign_id}",
            icon=":material/save:",
            missing="Choose an email and a segment first." if draft is None else "",
        )
        if before is not None and st.button("Cancel", key="cancel_changes", type="tertiary"):
            _SEEN.clear()
            forget_fields(f"campaign_{campaign_id}_")
            st.switch_page(page_of("campaign.py"), query_params={"id": campaign_id})
    if not pressed or draft is None:
        return
    saved = actions.attempt(
        Permission.PLAN_CAMPAIGNS,
        lambda actor: _save(here, actor, campaign_id, before, draft),
        "Campaign saved. Nothing is sent yet.",
    )
    if isinstance(saved, Trouble):
        actions.show_trouble(saved)
        return
    NEW_ID.clear()
    _SEEN.clear()
    st.switch_page(page_of("campaign.py"), query_params={"id": campaign_id})


def _save(here: Shop, actor: Actor, campaign_id: str, before: Campaign | None, draft: Draft) -> Campaign:
    if before is None:
        return create_campaign(here, actor, draft, campaign_id=campaign_id)
    return update_draft(here, actor, campaign_id, draft, seen_version=before.version)
