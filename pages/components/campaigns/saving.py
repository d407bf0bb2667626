"""Saving the draft of a campaign: once per form, and never over somebody else's change."""

from __future__ import annotations

import streamlit as st

from backend.domain.campaigns import Campaign, Draft
from backend.domain.team import Actor, Permission
from backend.services.campaigns.drafts import create_campaign, update_draft
from backend.services.campaigns.saved import get_campaign
from backend.services.context import Shop
from pages.components.ui import actions, forms
from pages.components.ui.actions import Trouble
from pages.components.ui.forms import Form
from pages.components.ui.guard import require
from pages.components.ui.navigation import page_of
from pages.components.ui.state import Slot

NEW_ID: Slot[str] = Slot("new_campaign.id")
"""The id of the campaign that the form will create: submitted twice, it creates one campaign."""


def as_first_seen(campaign: Campaign) -> Campaign:
    """The version that the form shows: what is saved replaces that version and no other."""
    return _seen(campaign.id).once(lambda: campaign)


def _seen(campaign_id: str) -> Slot[Campaign]:
    """The campaign as it was when its form was first rendered."""
    return Slot(f"new_campaign.seen.{campaign_id}")


def form_of(campaign_id: str) -> Form:
    return Form("campaign", campaign_id)


def _show_overtaken(shop: Shop, actor: Actor, before: Campaign | None, draft: Draft | None) -> bool:
    """Whether there is a newer version than the form began with: said beside the button, with the ways to go on.

    Who has changed nothing sees the newer version at once.
    """
    now = get_campaign(shop, actor, before.id) if before else None
    if before is None or now is None or now.version == before.version:
        return False
    if draft == before.draft:
        _begin_again(now.id)
        st.rerun()
    st.warning("Someone else has changed this campaign since you opened it.", icon=":material/sync_problem:")
    forms.show_overtaken(lambda: _seen(now.id).set(now), lambda: _begin_again(now.id), whole=True)
    return True


def _begin_again(campaign_id: str) -> None:
    _seen(campaign_id).clear()
    form_of(campaign_id).done()


def save_button(shop: Shop, campaign_id: str, before: Campaign | None, draft: Draft | None) -> None:
    """The button; afterwards the campaign's own page opens, where it is checked and started."""
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = actions.pressed(
            "Save and continue" if before is None else "Save changes",
            key=form_of(campaign_id).button,
            icon=":material/save:",
            missing="Choose an email and a segment first." if draft is None else "",
        )
        if before is not None and st.button("Cancel", key="cancel_changes", type="tertiary"):
            _begin_again(campaign_id)
            st.switch_page(page_of("campaign.py"), query_params={"id": campaign_id})
    overtaken = _show_overtaken(shop, require(Permission.PLAN_CAMPAIGNS), before, draft)
    if overtaken or not pressed or draft is None:
        return
    saved = actions.attempt(
        Permission.PLAN_CAMPAIGNS,
        lambda actor: _save(shop, actor, campaign_id, before, draft),
        "Campaign saved. Nothing is sent yet.",
    )
    if isinstance(saved, Trouble):
        actions.show_trouble(saved)
        return
    NEW_ID.clear()
    _begin_again(campaign_id)
    st.switch_page(page_of("campaign.py"), query_params={"id": campaign_id})


def _save(shop: Shop, actor: Actor, campaign_id: str, before: Campaign | None, draft: Draft) -> Campaign:
    if before is None:
        return create_campaign(shop, actor, draft, campaign_id=campaign_id)
    return update_draft(shop, actor, campaign_id, draft, seen_version=before.version)
