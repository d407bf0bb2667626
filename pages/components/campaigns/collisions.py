"""A warning of other campaigns that go to the same customers on the same day."""

from __future__ import annotations

from datetime import date

import streamlit as st

from backend.domain.campaigns import Campaign
from backend.domain.team import Permission
from backend.services.campaigns.collisions import collisions_of
from backend.services.context import Shop
from backend.services.snapshots.info import SnapshotFailedError, SnapshotMissingError
from pages.components.ui import formats
from pages.components.ui.guard import require


def show(shop: Shop, campaign: Campaign, day: date) -> None:
    """Nothing when there is none, or while there is no snapshot that could tell."""
    try:
        found = collisions_of(shop, require(Permission.VIEW_EMAIL), campaign, day)
    except (SnapshotMissingError, SnapshotFailedError):
        return
    lines = [
        f"**{formats.plain(each.campaign.name)}**, {formats.plain(formats.moment(shop, each.at))}: "
        f"{formats.percent(shop, each.shared / each.size)} of these customers "
        f"({formats.plain(formats.count(shop, each.shared))}) are in its segment too."
        for each in found
    ]
    if lines:
        st.warning("Another campaign goes out that day.\n\n" + "\n\n".join(lines), icon=":material/event_busy:")
