"""The plan of a campaign: who gets it, who does not and why, when it will be through, and what it costs."""

from __future__ import annotations

from backend.domain.campaign_figures import Plan
from backend.domain.campaigns import Campaign
from backend.domain.team import Actor
from backend.services.context import Shop
from backend.services.mailing.mailer import Mailer


def plan(shop: Shop, mailer: Mailer, actor: Actor, campaign_id: str, *, seen_version: int) -> tuple[Campaign, Plan]:
    """Plans a campaign whose preflight is done; a draft becomes planned. It says whether a second person must approve.

    Raises: `PermissionDeniedError`, `NotFoundError`, `CampaignMovedError`, `WrongStateError` when the preflight is
    missing, not through or of other contents, `AccountUnknownError`.
    """
    raise NotImplementedError


def get_plan(shop: Shop, mailer: Mailer, actor: Actor, campaign_id: str) -> Plan | None:
    """The plan by today's rate and quota; None while there is no preflight of what the campaign sends now.

    Raises: `PermissionDeniedError`, `NotFoundError`, `AccountUnknownError`.
    """
    raise NotImplementedError
