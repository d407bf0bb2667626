"""Campaigns: read, list, start, pause and resume. They are planned in the dashboard, where people see the plan."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response

from backend.api.v1.call import ID, CallOf, Cursor, Limit, SeenVersion, etag
from backend.api.v1.models.common import Page
from backend.api.v1.models.emails import CampaignOut, PauseIn
from backend.api.v1.route import needs, router_of
from backend.domain.api_keys import Scope
from backend.domain.campaigns import Campaign
from backend.services.campaigns import actions
from backend.services.campaigns.progress import progress_of
from backend.services.campaigns.saved import get_campaign, list_campaigns

router = router_of("Campaigns")
Id = Annotated[str, Path(max_length=20, pattern=ID, examples=["7K2MQ9XA4B"])]


@router.get("", **needs(Scope.CAMPAIGNS_READ))
def find_campaigns(call: CallOf, limit: Limit = 25, cursor: Cursor = "") -> Page[CampaignOut]:
    """List campaigns, the newest first."""
    page = list_campaigns(call.shop, call.actor, limit=limit, cursor=call.unsealed(cursor))
    return Page(data=[*map(CampaignOut.of, page.campaigns)], next_cursor=call.sealed(page.cursor))


@router.get("/{campaign_id}", **needs(Scope.CAMPAIGNS_READ))
def read_campaign(call: CallOf, campaign_id: Id, response: Response) -> CampaignOut:
    """Read a campaign and how far it is. The ETag names the version."""
    campaign = get_campaign(call.shop, call.actor, campaign_id)
    response.headers.update(etag(campaign.version))
    return CampaignOut.of(campaign, progress_of(call.shop, call.actor, campaign_id))


@router.post("/{campaign_id}/start", **needs(Scope.CAMPAIGNS_WRITE))
def start_campaign(call: CallOf, campaign_id: Id, version: SeenVersion, response: Response) -> CampaignOut:
    """Start a planned campaign now, in the version that you have read. Large ones need an approval in the dashboard."""
    return _shown(actions.start(call.shop, call.actor, campaign_id, seen_version=version), response)


@router.post("/{campaign_id}/pause", **needs(Scope.CAMPAIGNS_WRITE, example={"reason": "Wrong price in the subject"}))
def pause_campaign(call: CallOf, campaign_id: Id, body: PauseIn, response: Response) -> CampaignOut:
    """Pause a campaign, whatever has changed. What workers have in hand still goes out, which takes seconds."""
    return _shown(actions.pause(call.shop, call.actor, campaign_id, body.reason), response)


@router.post("/{campaign_id}/resume", **needs(Scope.CAMPAIGNS_WRITE))
def resume_campaign(call: CallOf, campaign_id: Id, version: SeenVersion, response: Response) -> CampaignOut:
    """Let a paused or stopped campaign go on, in the version that you have read."""
    return _shown(actions.resume(call.shop, call.actor, campaign_id, seen_version=version), response)


def _shown(campaign: Campaign, response: Response) -> CampaignOut:
    response.headers.update(etag(campaign.version))
    return CampaignOut.of(campaign)
