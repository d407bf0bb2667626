"""What the questions of managers are answered with, kept for some seconds as `caching` says."""

from __future__ import annotations

from datetime import date

from backend.domain.campaigns import Campaign
from backend.domain.customers import CustomerSummary
from backend.domain.team import Actor
from backend.services.campaigns import results
from backend.services.context import Shop
from backend.services.customers.leaderboards import Measure
from backend.services.insights import best, change
from backend.services.insights.best import Best, Lapsing
from backend.services.insights.change import Change, Days, RefundsMade
from backend.services.segments import preview
from pages.components.ui.caching import _asking, _cached, _snapshot_name


def revenue_change(shop: Shop, before: Days, now: Days) -> Change:
    """This and the following: of the newest snapshot. Raises: `SnapshotMissingError`, `SnapshotFailedError`."""
    return _revenue_change(shop, _asking(), before, now, _snapshot_name(shop))


@_cached(max_entries=50)
def _revenue_change(shop: Shop, actor: Actor, before: Days, now: Days, snapshot: str) -> Change:
    return change.revenue_change(shop, actor, before, now)


def refunds_made(shop: Shop, first: date, last: date) -> RefundsMade:
    return _refunds_made(shop, _asking(), first, last, _snapshot_name(shop))


@_cached(max_entries=50)
def _refunds_made(shop: Shop, actor: Actor, first: date, last: date, snapshot: str) -> RefundsMade:
    return change.refunds_made(shop, actor, first, last)


def campaigns_begun(shop: Shop, periods: tuple[Days, ...]) -> list[list[Campaign]]:
    return _campaigns_begun(shop, _asking(), periods)


@_cached(max_entries=50)
def _campaigns_begun(shop: Shop, actor: Actor, periods: tuple[Days, ...]) -> list[list[Campaign]]:
    return results.campaigns_begun(shop, actor, periods)


def best_customers(shop: Shop, first: date, last: date, by: Measure, limit: int) -> list[Best]:
    return _best_customers(shop, _asking(), first, last, by, limit, _snapshot_name(shop))


@_cached(max_entries=50)
def _best_customers(
    shop: Shop, actor: Actor, first: date, last: date, by: Measure, limit: int, snapshot: str
) -> list[Best]:
    return best.best_customers(shop, actor, first, last, by, limit)


def lapsing_customers(shop: Shop) -> list[Lapsing]:
    return _lapsing_customers(shop, _asking(), _snapshot_name(shop))


@_cached(max_entries=5, seconds=60)
def _lapsing_customers(shop: Shop, actor: Actor, snapshot: str) -> list[Lapsing]:
    return best.lapsing_customers(shop, actor)


@_cached(max_entries=50)
def summaries(shop: Shop, ids: tuple[str, ...]) -> list[CustomerSummary]:
    return preview.summaries(shop, list(ids))
