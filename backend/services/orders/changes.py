"""Changing an order that somebody has seen: one transaction with all totals, and a line of history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backend.domain.orders import MOST_HISTORY, HistoryEntry, Order
from backend.domain.team import Actor
from backend.errors import InvalidInputError, NotFoundError
from backend.records.orders import order_day, order_from
from backend.records.values import text
from backend.services.concurrency.retries import until_settled
from backend.services.context import Shop
from backend.services.orders.writes import OrderChangedError, changing_writes
from backend.services.outgoing import writes as outgoing
from backend.services.triggers import writes as triggers
from backend.store import schema
from backend.store.port import Item, Write

Record = Callable[[Order, Order], Sequence[Write]]
"""The writes that record a change of an order, from the order before and after."""
WITHOUT_EMAIL = " (without email)"
"""The end of a line of history about a change of which automations were not notified."""


@dataclass(frozen=True, slots=True)
class OrderRef:
    """Which order, in the version that the person has seen."""

    customer_id: str
    order_id: str
    seen_version: int

    @classmethod
    def of(cls, order: Order) -> OrderRef:
        """The order in the version at hand."""
        return cls(order.customer_id, order.id, order.version)


def get_order(shop: Shop, customer_id: str, order_id: str) -> Order:
    """One order, also by the id of a customer who was merged into its own.

    Raises: `NotFoundError`.
    """
    key = schema.order_key(customer_id, order_id)
    item = shop.store.get(key) if customer_id and order_id else None
    if item is not None:
        return order_from(key, item)
    former = shop.store.get(schema.former_key(customer_id)) if customer_id and order_id else None
    if former is not None:
        return get_order(shop, text(former, "customer"), order_id)
    raise NotFoundError("This order does not exist.")


def change_order(
    shop: Shop,
    ref: OrderRef,
    changed: Callable[[Order], Order],
    *,
    record: Record = lambda before, after: (),
    also: Callable[[], Sequence[Write]] = lambda: (),
    notify: bool = True,
    done: Callable[[Order], bool] = lambda order: False,
) -> Order:
    """Changes the order in the version that was seen; what `also` reads and returns goes with it, as does what `record`
    makes of the order before and after.

    `changed` returns the order itself when nothing is to do. Without `notify` no automation hears of it. An order that
    is `done` already, because the same form was sent twice, is returned as it is.

    Raises: `NotFoundError`, `OrderChangedError`, `StaleReadError`, and what `changed` raises.
    """
    try:
        return until_settled(lambda: _attempt(shop, ref, changed, record, also, notify, done))
    except OrderChangedError:
        found = get_order(shop, ref.customer_id, ref.order_id)
        if done(found):
            return found
        raise


def with_history(shop: Shop, actor: Actor, order: Order, text: str, *, notify: bool = True) -> Order:
    """The next version of an order, with a line of history.

    Raises: `InvalidInputError` when it was changed too often.
    """
    if len(order.history) >= MOST_HISTORY:
        raise InvalidInputError("This order has been changed too often to be changed again.")
    entry = HistoryEntry(shop.clock(), actor.username, text if notify else text + WITHOUT_EMAIL)
    return replace(order, history=(*order.history, entry), version=order.version + 1)


def target_of(ref: OrderRef) -> str:
    """How the audit log names the order."""
    return f"order:{ref.customer_id}-{ref.order_id}"


def _attempt(
    shop: Shop,
    ref: OrderRef,
    changed: Callable[[Order], Order],
    record: Record,
    also: Callable[[], Sequence[Write]],
    notify: bool,
    done: Callable[[Order], bool],
) -> Order:
    key = schema.order_key(ref.customer_id, ref.order_id)
    item = shop.store.get(key)
    if item is None:
        raise NotFoundError("This order no longer exists.")
    before = order_from(key, item)
    if done(before):
        return before
    if before.version != ref.seen_version:
        last = before.history[-1] if before.history else None
        who = f" ({last.by}: {last.text})" if last else ""
        raise OrderChangedError(f"Someone else has changed order {before.number}{who}.")
    after = changed(before)
    beside = also()
    if after is not before:
        _write(shop, before, after, item, [*beside, *record(before, after)], notify)
    elif beside:
        shop.store.transact(beside)
    return after


def _write(shop: Shop, before: Order, after: Order, item: Item, beside: Sequence[Write], notify: bool) -> None:
    """Writes a new version of an order with the difference in all totals, and what automations will do about it."""
    day = order_day(item)
    customer = schema.customer_key(after.customer_id)
    month = schema.customer_month_key(after.customer_id, day[:7])
    found = {key: shop.store.get(key) or {} for key in (customer, month)}
    writes = changing_writes(before, after, item, found[customer], found[month], shop.zone)
    started = triggers.on_changed(shop, before, after) if notify else []
    events = outgoing.on_order_changed(shop, before, after)
    shop.store.transact([*writes, *started, *events, *beside])
