"""Watches over running campaigns: stops them when too many bounce or complain, lets the next wave begin, ends them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from backend.domain.campaigns import Campaign, CampaignState, Measure, SplitTest, Wave
from backend.services.campaigns.chunks import done_counter
from backend.services.campaigns.holds import patience_of
from backend.services.campaigns.orders_after import orders_by_variant
from backend.services.campaigns.saved import WORKER, change
from backend.services.context import Shop

FEWEST = 3
"""Bounces or complaints below this number stop nothing, because chance alone brings them."""
_CANARY_LEAST = 20
"""A canary is judged from this many emails on, because it is there to be judged."""


def watch(shop: Shop, campaign: Campaign, figures: Counter[str]) -> Campaign:
    """Does what has to be done about a running campaign with these counters now; returns it as it is afterwards.

    Raises: `StaleReadError`, `StoreBusyError`, `StoreUnreachableError`.
    """
    if reason := too_many(campaign, figures):
        after = replace(campaign, state=CampaignState.STOPPED, reason=reason, due_at=None)
        return change(shop, WORKER, campaign, after, "stopped a campaign", reason)
    if campaign.reopening or not _is_through(campaign, figures):
        return campaign
    if campaign.wave_done_at is None:
        campaign = change(shop, WORKER, campaign, replace(campaign, wave_done_at=shop.clock()))
    following = _following(campaign)
    if following is None:
        return _finished(shop, campaign)
    if shop.clock() < (campaign.wave_done_at or shop.clock()) + patience_of(campaign):
        return campaign
    return _next_wave(shop, campaign, following, figures)


def too_many(campaign: Campaign, figures: Mapping[str, int]) -> str:
    """Why a campaign must not go on, as a sentence; "" when all is well. Only what came since a person let it go on."""
    seen_bounces, seen_complaints, seen_sent = campaign.forgiven
    limits, sent = campaign.draft.limits, figures.get("sent", 0) - seen_sent
    least = min(limits.least, _CANARY_LEAST) if campaign.wave is Wave.CANARY else limits.least
    if sent < least:
        return ""
    bounced = figures.get("bounced", 0) - seen_bounces
    complained = figures.get("complained", 0) - seen_complaints
    return _over("bounced", bounced, sent, limits.bounces) or _over(
        "were marked as spam", complained, sent, limits.complaints
    )


def winner_of(test: SplitTest, figures: Mapping[str, int], orders: Mapping[str, int]) -> str:
    """The variant with the best share by the test's measure; of equals the one that failed less, then A before B.

    The share is one of all who were to get it: an email that cannot be made for most of them is not the better one.
    """
    name = {Measure.OPENS: "opened", Measure.CLICKS: "clicked"}.get(test.measure, "")

    def merit(key: str) -> tuple[float, float]:
        failed = figures.get(f"failed~{key}", 0)
        tried = max(figures.get(f"sent~{key}", 0) + failed, 1)
        count = figures.get(f"{name}~{key}", 0) if name else orders.get(key, 0)
        return count / tried, -failed / tried

    return max((each.key for each in test.variants), key=merit)


def _over(what: str, count: int, sent: int, limit: float) -> str:
    if count < FEWEST or count / sent <= limit:
        return ""
    return f"{count:,} of {sent:,} emails {what}: {count / sent:.2%}, and the limit is {limit:.2%}."


def _is_through(campaign: Campaign, figures: Mapping[str, int]) -> bool:
    """Whether every chunk of the waves up to this one is done."""
    return all(
        figures.get(done_counter(wave), 0) >= campaign.audience.chunks.get(wave, 0)
        for wave in Wave
        if wave <= campaign.wave
    )


def _following(campaign: Campaign) -> Wave | None:
    return next((wave for wave in Wave if wave > campaign.wave and campaign.audience.chunks.get(wave)), None)


def _next_wave(shop: Shop, campaign: Campaign, following: Wave, figures: Counter[str]) -> Campaign:
    winner = campaign.winner
    if following is Wave.REST and campaign.draft.test is not None:
        test = campaign.draft.test
        orders = orders_by_variant(shop, campaign) if test.measure is Measure.ORDERS else {}
        winner = winner_of(test, figures, orders)
    after = replace(campaign, wave=following, wave_done_at=None, winner=winner)
    what = f"{campaign.name}: " + (f"variant {winner} goes to the rest" if winner else "the first share went well")
    return change(shop, WORKER, campaign, after, "went on with a campaign", what)


def _finished(shop: Shop, campaign: Campaign) -> Campaign:
    now = shop.clock()
    after = replace(campaign, state=CampaignState.FINISHED, reason="", ended_at=now, due_at=now)
    return change(shop, WORKER, campaign, after, "finished a campaign")
