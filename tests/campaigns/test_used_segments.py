"""Which campaigns use a segment is known however many campaigns there are."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.campaigns import CampaignState
from backend.services.campaigns import saved
from backend.services.campaigns.drafts import create_campaign
from backend.store import schema
from backend.store.port import Update
from tests.campaigns.support import SEGMENT, Desk, draft
from tests.support import STAFF


def test_an_old_campaign_that_is_not_over_is_found_behind_hundreds(desk: Desk) -> None:
    old = create_campaign(desk.shop, STAFF, draft(name="Old plan"))
    over = create_campaign(desk.shop, STAFF, draft(name="Over"))
    done = {"status": CampaignState.FINISHED.value}
    desk.shop.store.update(Update(schema.campaign_key(over.id), set=done))
    newer = replace(old, draft=draft(name="Newer", segment_id="OTHERS1"))
    for number in range(450):
        created_at = desk.shop.clock().replace(microsecond=number + 1)
        saved.create(desk.shop, STAFF, replace(newer, id=f"NEWER{number}", created_at=created_at), "created")
    assert [each.name for each in saved.campaigns_with(desk.shop, STAFF, SEGMENT)] == ["Old plan"]
