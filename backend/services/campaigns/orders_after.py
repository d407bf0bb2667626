"""Orders after a campaign: what those who got it ordered, beside the holdout.

Nobody's orders are looked up one by one: the orders of the days after it are read, and for each it is asked whether
its customer got the campaign. So the cost follows from how much the shop sells, not from the size of the audience.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from backend.domain.campaign_figures import OrdersAfter
from backend.domain.campaigns import Campaign, wave_of
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
    """Orders and revenue of some customers, and who of them ordered."""

    orders: int = 0
    revenue: int = 0
    buyers: set[str] = field(default_factory=set)

    def add(self, order: OrderSummary) -> None:
        self.orders += 1
        self.revenue += order.revenue
        self.buyers.add(order.customer_id)


def count_orders(shop: Shop, campaign: Campaign) -> OrdersAfter:
    """Counts the orders after a campaign up to now, and keeps the result; `final` when its days are over."""
    with access_pattern("count orders after a campaign"):
        sums = _sums(shop, campaign)
        figures = figures_of(shop, campaign.id)
        got, held = _total(sum_ for key, sum_ in sums.items() if key is not None), sums.get(None, _Sum())
        over = shop.clock() >= _end(campaign, campaign.ended_at or shop.clock())
        found = OrdersAfter(
            days=campaign.draft.result_days,
            recipients=figures["sent"] + figures["resolved"],
            buyers=len(got.buyers),
            orders=got.orders,
            revenue=got.revenue,
            holdout=campaign.audience.holdout,
            holdout_buyers=len(held.buyers),
            holdout_orders=held.orders,
            holdout_revenue=held.revenue,
            counted_at=shop.clock(),
            final=over,
        )
        shop.store.put(Put(schema.campaign_part_key(campaign.id, _PART), _item(found, sums)))
    return found


def orders_by_variant(shop: Shop, campaign: Campaign) -> dict[str, int]:
    """The orders of those who got each variant, counted now."""
    return {key: found.orders for key, found in _sums(shop, campaign).items() if key}


def kept_orders(shop: Shop, campaign_id: str) -> tuple[OrdersAfter | None, dict[str, tuple[int, int]]]:
    """What was counted last, and orders and revenue by variant; None when nobody has counted yet."""
    return read_one(shop, schema.campaign_part_key(campaign_id, _PART), _kept_from) or (None, {})


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


def _sums(shop: Shop, campaign: Campaign) -> dict[str | None, _Sum]:
    """By variant; None is the holdout."""
    sums: dict[str | None, _Sum] = {}
    if campaign.started_at is None:
        return sums
    orders = _orders(shop, campaign, campaign.started_at)
    while batch := list(islice(orders, _BATCH)):
        messages = _messages(shop, campaign, {order.customer_id for order in batch})
        for order in batch:
            message = messages.get(order.customer_id)
            if message is not None and _follows(campaign, order.placed_at, message.sent_at):
                sums.setdefault(message.variant, _Sum()).add(order)
            elif message is None and _is_of_holdout(shop, campaign, order):
                sums.setdefault(None, _Sum()).add(order)
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


def _total(sums: Iterable[_Sum]) -> _Sum:
    total = _Sum()
    for each in sums:
        total.orders += each.orders
        total.revenue += each.revenue
        total.buyers |= each.buyers
    return total


def _item(found: OrdersAfter, sums: Mapping[str | None, _Sum]) -> Item:
    return {
        "days": found.days,
        "recipients": found.recipients,
        "buyers": found.buyers,
        "orders": found.orders,
        "revenue": found.revenue,
        "holdout": found.holdout,
        "holdout_buyers": found.holdout_buyers,
        "holdout_orders": found.holdout_orders,
        "holdout_revenue": found.holdout_revenue,
        "counted_at": to_text(found.counted_at),
        "final": found.final,
        "variants": {key: [each.orders, each.revenue] for key, each in sums.items() if key},
    }


@reads(key_given)
def _kept_from(_: Key, item: Item) -> tuple[OrdersAfter, dict[str, tuple[int, int]]]:
    return _from(item), _variants_in(item)


def _from(item: Item) -> OrdersAfter:
    return OrdersAfter(
        days=number(item, "days"),
        recipients=number(item, "recipients"),
        buyers=number(item, "buyers"),
        orders=number(item, "orders"),
        revenue=number(item, "revenue"),
        holdout=number(item, "holdout"),
        holdout_buyers=number(item, "holdout_buyers"),
        holdout_orders=number(item, "holdout_orders"),
        holdout_revenue=number(item, "holdout_revenue"),
        counted_at=from_text(text(item, "counted_at")),
        final=flag(item, "final"),
    )


def _variants_in(item: Item) -> dict[str, tuple[int, int]]:
    variants = item.get("variants", {})
    if not isinstance(variants, dict):
        return {}
    return {
        key: (int(str(pair[0])), int(str(pair[1])))
        for key, pair in variants.items()
        if isinstance(pair, list) and len(pair) == 2
    }
