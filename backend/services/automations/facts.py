"""The facts about the customer and the order of a trigger when it is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from backend.domain.automation_rules import Facts
from backend.domain.automations import Automation, Exit, Fact, Trigger, TriggerKind
from backend.domain.customers import Customer
from backend.domain.orders import Order, OrderStatus
from backend.errors import NotFoundError
from backend.records.customers import customer_from
from backend.records.orders import order_from
from backend.services.context import Shop
from backend.services.orders.changes import get_order
from backend.services.segments import audience
from backend.services.unreadable.items import readable
from backend.store import schema
from backend.store.port import Item, Key, Query

_NEWEST = 10
"""Orders of a customer that are searched for the last one that was not cancelled."""


@dataclass(frozen=True, slots=True)
class Known:
    """The facts of a trigger. `last` is the customer's last order that was not cancelled, if it was asked for."""

    facts: Facts
    last: Order | None = None


def facts_for(shop: Shop, triggers: Sequence[tuple[Trigger, Automation]]) -> list[Known | None]:
    """The facts of each trigger, in the same order; None where the customer or the order is gone."""
    found = _read(shop, _keys(trigger for trigger, _ in triggers))
    known = [_known(shop, trigger, automation, found) for trigger, automation in triggers]
    wanted = [_segments_of(automation, trigger.step) for trigger, automation in triggers]
    asked = [(each.facts.customer, ids) for each, ids in zip(known, wanted, strict=True) if each and ids]
    belongs = membership(shop, asked) if asked else {}
    return [
        replace(each, facts=replace(each.facts, segments=belongs.get(each.facts.customer.id, {}))) if each else None
        for each in known
    ]


def membership(shop: Shop, asked: Sequence[tuple[Customer, Sequence[str]]]) -> dict[str, dict[str, bool]]:
    """By customer id and segment id, current membership. Deleted segments are left out."""
    found: dict[str, dict[str, bool]] = {}
    for segment_id in dict.fromkeys(each for _, ids in asked for each in ids):
        people = {customer.id: customer for customer, ids in asked if segment_id in ids}
        try:
            rule = audience.get_segment(shop, segment_id).rule
        except NotFoundError:
            continue
        for customer_id, belongs in audience.still_matches(shop, rule, list(people.values())).items():
            found.setdefault(customer_id, {})[segment_id] = belongs
    return found


def _segments_of(automation: Automation, step: int) -> list[str]:
    return [condition.value for condition in automation.steps[step].conditions if condition.fact is Fact.SEGMENT]


def last_order(shop: Shop, customer_id: str) -> Order | None:
    """The customer's last order that was not cancelled."""
    query = Query(
        schema.SHOP,
        schema.customer_partition(customer_id),
        begins_with=schema.ORDERS,
        descending=True,
        limit=_NEWEST,
        consistent=True,
    )
    orders = readable(shop, shop.store.query(query).rows, order_from)
    kept = [order for order in orders if order.status is not OrderStatus.CANCELLED]
    return max(kept, key=lambda order: order.placed_at, default=None)


def _keys(triggers: Iterable[Trigger]) -> list[Key]:
    keys: dict[Key, None] = {}
    for trigger in triggers:
        keys[schema.customer_key(trigger.customer_id)] = None
        if trigger.order_id:
            keys[schema.order_key(trigger.customer_id, trigger.order_id)] = None
    return list(keys)


def _read(shop: Shop, keys: Sequence[Key]) -> dict[Key, Item]:
    """Reads all keys together, and missing ones again consistently, because they may be new."""
    found = shop.store.get_many(keys)
    for key in keys:
        if key not in found and (item := shop.store.get(key)) is not None:
            found[key] = item
    return found


def _known(shop: Shop, trigger: Trigger, automation: Automation, found: dict[Key, Item]) -> Known | None:
    customer_item = found.get(schema.customer_key(trigger.customer_id))
    if customer_item is None:
        return None
    order = None
    if trigger.order_id:
        key = schema.order_key(trigger.customer_id, trigger.order_id)
        try:
            order = (
                order_from(key, found[key]) if key in found else get_order(shop, trigger.customer_id, trigger.order_id)
            )
        except NotFoundError:
            return None
    wanted = Exit.ORDERED_AGAIN in automation.all_exits or trigger.kind is TriggerKind.LAPSED
    last = last_order(shop, trigger.customer_id) if wanted else None
    customer = customer_from(trigger.customer_id, customer_item)
    return Known(Facts(customer, order, last.placed_at if last else None), last)
