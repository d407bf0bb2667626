"""Orders after a campaign: what those who got it ordered, beside the holdout.

Nobody's orders are looked up one by one: the orders of the days after it are read, and for each it is asked whether
its customer got the campaign. So the cost follows from how much the shop sells, not from the size of the audience.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from backend.domain.campaign_figures import OrdersAfter
from backend.domain.campaigns import Campaign, wave_of
from backend.domain.delivery import Outcome
from backend.domain.lift import Buying, spread_of
from backend.domain.messages import Message, MessageStatus
from backend.domain.orders import OrderStatus, OrderSummary
from backend.domain.time import from_text, to_text
from backend.records.conversion import key_given, reads
from backend.records.messages import message_from
from backend.records.orders import summary_from
from backend.records.values import flag, number, text
from backend.services.campaigns.progress import figures_of
from backend.services.context import Shop
from backend.services.orders.lists import OrderFilter, walk_orders
from backend.services.unreadable.items import read_one, readable, readable_rows
from backend.store import schema
from backend.store.meter import access_pattern
from backend.store.port import Item, Key, Put, Query

_BATCH = 200
_PART = "RESULT"
_COUNTING = tuple(status for status in OrderStatus if status is not OrderStatus.CANCELLED)


@dataclass(slots=True)
class _Sum:
    """Orders of some customers, and the revenue of each who ordered, in minor units."""

    orders: int = 0
    revenue_of: Counter[str] = field(default_factory=Counter)

    def add(self, order: OrderSummary) -> None:
        self.orders += 1
        self.revenue_of[order.customer_id] += order.revenue

    @property
    def revenue(self) -> int:
        return self.revenue_of.total()

    def among(self, customers: int) -> Buying:
        """What these customers bought, as a part of so many."""
        spread = spread_of(list(self.revenue_of.values()), customers)
        return Buying(customers, len(self.revenue_of), self.orders, self.revenue, spread)


@dataclass(slots=True)
class _Sums:
    """What was ordered after a campaign, by variant, by the holdout, and after a click."""

    variants: dict[str, _Sum] = field(default_factory=dict)
    holdout: _Sum = field(default_factory=_Sum)
    clicked: _Sum = field(default_factory=_Sum)

    @property
    def got(self) -> _Sum:
        return _Sum(
            sum(each.orders for each in self.variants.values()),
            sum((each.revenue_of for each in self.variants.values()), Counter()),
        )


def count_orders(shop: Shop, campaign: Campaign) -> OrdersAfter:
    """Counts the orders after a campaign up to now, and keeps the result; `final` when its days are over."""
    with access_pattern("count orders after a campaign"):
        sums = _sums(shop, campaign)
        figures = figures_of(shop, campaign.id)
        recipients = figures["sent"] + figures["resolved"]
        found = OrdersAfter(
            days=campaign.draft.result_days,
            got=sums.got.among(recipients),
            holdout=sums.holdout.among(campaign.audience.holdout),
            counted_at=shop.clock(),
            final=shop.clock() >= _end(campaign, campaign.ended_at or shop.clock()),
            clicked=(sums.clicked.orders, sums.clicked.revenue),
        )
        shop.store.put(Put(schema.campaign_part_key(campaign.id, _PART), _item(found, sums)))
    return found


def orders_by_variant(shop: Shop, campaign: Campaign) -> dict[str, int]:
    """The orders of those who got each variant, counted now."""
    return {key: found.orders for key, found in _sums(shop, campaign).variants.items()}


def kept_orders(shop: Shop, campaign_id: str) -> tuple[OrdersAfter | None, dict[str, tuple[int, int]]]:
    """What was counted last, and orders and revenue by variant; None when nobody has counted yet."""
    return read_one(shop, schema.campaign_part_key(campaign_id, _PART), _kept_from) or (None, {})


def kept_orders_of(shop: Shop, campaign_ids: Sequence[str]) -> dict[str, OrdersAfter]:
    """The same of several campaigns, without variants, by id."""
    found = shop.store.get_many([schema.campaign_part_key(each, _PART) for each in campaign_ids])
    kept = readable(shop, found.items(), lambda key, item: (schema.campaign_id_of(key), _kept_from(key, item)[0]))
    return dict(kept)


def in_holdout(shop: Shop, campaign: Campaign, customer_id: str) -> bool:
    """Whether the customer belongs to the audience, and gets nothing."""
    if wave_of(campaign, customer_id) is not None:
        return False
    query = Query(
        schema.MAIL,
        schema.campaign_partition(campaign.id),
        between=(schema.HOLDOUTS, schema.holdout_key(campaign.id, customer_id).sk),
        descending=True,
        limit=1,
    )
    ids = readable(shop, shop.store.query(query).rows, lambda _, item: text(item, "ids").split(" "))
    return any(customer_id in each for each in ids)


def _sums(shop: Shop, campaign: Campaign) -> _Sums:
    sums = _Sums()
    if campaign.started_at is None:
        return sums
    orders = _orders(shop, campaign, campaign.started_at)
    while batch := list(islice(orders, _BATCH)):
        messages = _messages(shop, campaign, {order.customer_id for order in batch})
        for order in batch:
            message = messages.get(order.customer_id)
            if message is None:
                if _is_of_holdout(shop, campaign, order):
                    sums.holdout.add(order)
            elif _follows(campaign, order.placed_at, message.sent_at):
                sums.variants.setdefault(message.variant, _Sum()).add(order)
                if _follows(campaign, order.placed_at, message.outcomes.get(Outcome.CLICKED)):
                    sums.clicked.add(order)
    return sums


def _is_of_holdout(shop: Shop, campaign: Campaign, order: OrderSummary) -> bool:
    return _follows(campaign, order.placed_at, campaign.started_at) and in_holdout(shop, campaign, order.customer_id)


def _orders(shop: Shop, campaign: Campaign, since: datetime) -> Iterator[OrderSummary]:
    last = min(_end(campaign, campaign.ended_at or shop.clock()), shop.clock())
    wanted = OrderFilter(since.astimezone(shop.zone).date(), last.astimezone(shop.zone).date(), _COUNTING)
    return readable_rows(shop, walk_orders(shop, wanted, first=1000), summary_from)


def _messages(shop: Shop, campaign: Campaign, customer_ids: Iterable[str]) -> dict[str, Message]:
    found = shop.store.get_many([schema.message_key(each, campaign.key) for each in customer_ids])
    messages = readable(shop, found.items(), message_from)
    return {each.recipient: each for each in messages if each.status is MessageStatus.SENT}


def _follows(campaign: Campaign, placed_at: datetime, since: datetime | None) -> bool:
    return since is not None and since <= placed_at <= _end(campaign, since)


def _end(campaign: Campaign, since: datetime) -> datetime:
    return since + timedelta(days=campaign.draft.result_days)


def _item(found: OrdersAfter, sums: _Sums) -> Item:
    return {
        "days": found.days,
        "recipients": found.got.customers,
        "buyers": found.got.buyers,
        "orders": found.got.orders,
        "revenue": found.got.revenue,
        "spread": found.got.spread,
        "holdout": found.holdout.customers,
        "holdout_buyers": found.holdout.buyers,
        "holdout_orders": found.holdout.orders,
        "holdout_revenue": found.holdout.revenue,
        "holdout_spread": found.holdout.spread,
        "clicked": list(found.clicked or ()),
        "counted_at": to_text(found.counted_at),
        "final": found.final,
        "variants": {key: [each.orders, each.revenue] for key, each in sums.variants.items() if key},
    }


@reads(key_given)
def _kept_from(_: Key, item: Item) -> tuple[OrdersAfter, dict[str, tuple[int, int]]]:
    found = OrdersAfter(
        days=number(item, "days"),
        got=_buying_in(item, "recipients", ""),
        holdout=_buying_in(item, "holdout", "holdout_"),
        clicked=_pair(item.get("clicked")),
        counted_at=from_text(text(item, "counted_at")),
        final=flag(item, "final"),
    )
    return found, _variants_in(item)


def _buying_in(item: Item, customers: str, group: str) -> Buying:
    return Buying(
        number(item, customers),
        number(item, f"{group}buyers"),
        number(item, f"{group}orders"),
        number(item, f"{group}revenue"),
        number(item, f"{group}spread") if f"{group}spread" in item else None,
    )


def _pair(found: object) -> tuple[int, int] | None:
    """Orders and revenue as they are kept together."""
    return (int(str(found[0])), int(str(found[1]))) if isinstance(found, list) and len(found) == 2 else None


def _variants_in(item: Item) -> dict[str, tuple[int, int]]:
    variants = item.get("variants", {})
    found = {key: _pair(each) for key, each in variants.items()} if isinstance(variants, dict) else {}
    return {key: pair for key, pair in found.items() if pair is not None}
