"""What email brought in a period: the campaigns of it, each beside its control group, and all together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.domain.campaign_figures import OrdersAfter
from backend.domain.campaigns import Campaign
from backend.domain.lift import Lift, together
from backend.domain.team import Actor
from backend.services.campaigns.orders_after import kept_orders_of
from backend.services.campaigns.results import campaigns_begun
from backend.services.context import Shop
from backend.store.meter import access_pattern


@dataclass(frozen=True, slots=True)
class CampaignEffect:
    """A campaign with the orders after it; None until a worker has counted."""

    campaign: Campaign
    orders: OrdersAfter | None


@dataclass(frozen=True, slots=True)
class EmailEffect:
    """The campaigns that began in a period, newest first.

    `lift` is of those with a control group, None when there is none. `clicked` are orders after a click and their
    revenue, in minor units, of all campaigns; an order after two campaigns counts in both, as tools report it.
    """

    campaigns: tuple[CampaignEffect, ...]
    lift: Lift | None
    clicked: tuple[int, int]


def email_effect(shop: Shop, actor: Actor, first: date, last: date) -> EmailEffect:
    """Of the newest 200 campaigns. Raises: `PermissionDeniedError`."""
    (begun,) = campaigns_begun(shop, actor, [(first, last)])
    with access_pattern("results of a campaign"):
        orders = kept_orders_of(shop, [each.id for each in begun])
    found = tuple(CampaignEffect(each, orders.get(each.id)) for each in begun)
    counted = [each.orders for each in found if each.orders is not None]
    clicks = [each.clicked for each in counted if each.clicked is not None]
    return EmailEffect(
        campaigns=found,
        lift=together([each.lift for each in counted if each.lift is not None]),
        clicked=(sum(orders for orders, _ in clicks), sum(revenue for _, revenue in clicks)),
    )
