"""How far campaigns are, from counters that the workers keep; a few reads however large the audience."""

from __future__ import annotations

from collections import Counter

from backend.domain.campaign_figures import Progress
from backend.domain.team import Actor
from backend.services.context import Shop
from backend.store.port import Item, Query, pages_of
from backend.store.schema import MAIL


def progress_of(shop: Shop, actor: Actor, campaign_id: str) -> Progress:
    """What has become of the audience so far.

    Raises: `PermissionDeniedError`, `NotFoundError`.
    """
    raise NotImplementedError


def figures_of(shop: Shop, campaign_id: str) -> Counter[str]:
    """All counters of a campaign by name: how messages ended, and what was reported of them."""
    total: Counter[str] = Counter()
    for prefix in ("SENT#", "STAT#"):
        for row in pages_of(shop.store, Query(MAIL, f"K#{campaign_id}", begins_with=prefix, consistent=True)):
            total.update(_numbers(row.item))
    return total


def _numbers(item: Item) -> dict[str, int]:
    return {name: value for name, value in item.items() if isinstance(value, int) and not isinstance(value, bool)}
