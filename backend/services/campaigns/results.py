"""What came of a campaign: outcomes, variants, links, providers, and the orders after it."""

from __future__ import annotations

from backend.domain.campaign_figures import Results
from backend.domain.team import Actor
from backend.services.context import Shop


def results_of(shop: Shop, actor: Actor, campaign_id: str) -> Results:
    """All figures of a campaign, as far as they are known now.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    raise NotImplementedError
