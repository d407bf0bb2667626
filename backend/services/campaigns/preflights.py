"""Preflight: a worker renders every email of an audience before the first is sent, and lists what breaks."""

from __future__ import annotations

from backend.domain.campaign_figures import Preflight
from backend.domain.team import Actor
from backend.services.context import Shop


def run_preflight(shop: Shop, actor: Actor, campaign_id: str, *, seen_version: int) -> Preflight:
    """Asks for a preflight of the template and the segment as they are now; a worker does it. Twice is once.

    Raises: `PermissionDeniedError`, `NotFoundError`, `CampaignMovedError`, `WrongStateError` once it is scheduled,
    `TemplateError`, `InvalidInputError`.
    """
    raise NotImplementedError


def get_preflight(shop: Shop, actor: Actor, campaign_id: str) -> Preflight | None:
    """The last preflight, how far it is or what it found; None when nobody has asked for one.

    Raises: `PermissionDeniedError`.
    """
    raise NotImplementedError
