"""What became of the emails of each campaign that began within a range of days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from backend.domain.campaigns import Campaign
from backend.domain.deliverability import Rates, rates_of_campaign
from backend.domain.team import Actor
from backend.services.campaigns.progress import figures_of
from backend.services.campaigns.saved import list_campaigns
from backend.services.context import Shop

MOST = 25
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class CampaignRates:
    """The shares of one campaign."""

    id: str
    name: str
    rates: Rates


def rates_by_campaign(shop: Shop, actor: Actor, first: date, last: date, template: str = "") -> list[CampaignRates]:
    """The newest campaigns of the days, 25 at most, that send this email or any.

    Costs two queries for each, and one for each 50 looked at.

    Raises: `PermissionDeniedError`.
    """
    wanted = (each for each in _newest(shop, actor) if template in ("", each.draft.template))
    found = (each for each in wanted if first <= _day(shop, each) <= last)
    return [
        CampaignRates(each.id, each.name, rates_of_campaign(figures_of(shop, each.id))) for each in islice(found, MOST)
    ]


def _newest(shop: Shop, actor: Actor) -> Iterator[Campaign]:
    """Campaigns that have begun, the newest first; not endlessly far back."""
    cursor, seen = None, 0
    while seen < _LOOKED_AT:
        page = list_campaigns(shop, actor, limit=50, cursor=cursor)
        yield from (each for each in page.campaigns if each.started_at is not None)
        cursor, seen = page.cursor, seen + 50
        if cursor is None:
            return


def _day(shop: Shop, campaign: Campaign) -> date:
    return (campaign.started_at or campaign.created_at).astimezone(shop.zone).date()
