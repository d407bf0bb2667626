"""Who is held back: of those on whom the lot falls, the ones who could have got the email.

The others of them get nothing anyway. If they were counted beside those who got it, every email would seem to bring
orders, because people who agreed to marketing buy more.
"""

from __future__ import annotations

from collections.abc import Sequence

from backend.domain.campaigns import Campaign
from backend.domain.eligibility import MarketingLimits, reasons_against
from backend.domain.segment_text import rule_from_text
from backend.services.campaigns.content import emails_of, wave_of
from backend.services.campaigns.recipients import read_customers
from backend.services.context import Shop
from backend.services.segments import audience
from backend.services.sending.eligibility import situations_of

_AT_ONCE = 500
_NO_LIMITS = MarketingLimits()
"""The cap on marketing mail is left aside: whether it is reached depends on the day of sending."""


def held_back(shop: Shop, campaign: Campaign, customer_ids: Sequence[str]) -> set[str]:
    """Those of the customers who are held back, by what the store says at this moment.

    Raises: `NotFoundError` when the email is gone.
    """
    drawn = [each for each in customer_ids if wave_of(campaign, each) is None]
    if not drawn:
        return set()
    topic = next(iter(emails_of(shop, campaign).values())).version.facts.topic
    parts = (drawn[first : first + _AT_ONCE] for first in range(0, len(drawn), _AT_ONCE))
    return {customer_id for part in parts for customer_id in _could_get_it(shop, campaign, topic, part)}


def _could_get_it(shop: Shop, campaign: Campaign, topic: str, customer_ids: Sequence[str]) -> list[str]:
    customers = list(read_customers(shop, customer_ids).values())
    situations = situations_of(shop, customers, campaign.kind, _NO_LIMITS)
    belongs = audience.still_matches(shop, rule_from_text(campaign.rule), customers)
    now = shop.clock()
    return [
        each.id
        for each in customers
        if belongs[each.id] and not reasons_against(campaign.kind, topic, situations[each.id], _NO_LIMITS, now)
    ]
