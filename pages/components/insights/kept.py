"""What the questions of managers are answered with, kept for some seconds as `caching` says.

Most are of the newest snapshot. Raise: `SnapshotMissingError`, `SnapshotFailedError`.
"""

from __future__ import annotations

from backend.domain.customers import CustomerSummary
from backend.services.campaigns import effect, results
from backend.services.context import Shop
from backend.services.insights import behind, best, change
from backend.services.segments import preview
from pages.components.ui.caching import asked, cached

revenue_change = asked(max_entries=50, of_snapshot=True)(change.revenue_change)
orders_behind = asked(max_entries=50, of_snapshot=True)(behind.orders_behind)
refunds_made = asked(max_entries=50, of_snapshot=True)(change.refunds_made)
campaigns_begun = asked(max_entries=50)(results.campaigns_begun)
email_effect = asked(max_entries=20)(effect.email_effect)
best_customers = asked(max_entries=50, of_snapshot=True)(best.best_customers)
lapsing_customers = asked(max_entries=5, seconds=60, of_snapshot=True)(best.lapsing_customers)


@cached(max_entries=50)
def summaries(shop: Shop, ids: tuple[str, ...]) -> list[CustomerSummary]:
    return preview.summaries(shop, list(ids))
