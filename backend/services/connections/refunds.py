"""A refund that is reported by itself, before or after its order: counted once, by the id that its source gave it."""

from __future__ import annotations

from backend.domain.connections import Connection, DeliveryState
from backend.domain.orders import Order
from backend.domain.team import Actor
from backend.errors import ConflictError
from backend.records.orders import order_day, order_from
from backend.records.values import text
from backend.services.concurrency.retries import StaleReadError, until_settled
from backend.services.connections.shopify import RefundOfOrder
from backend.services.context import Shop
from backend.services.imports.order_merge import with_refunded
from backend.services.imports.snapshot import order_key_of
from backend.services.orders.writes import changing_writes
from backend.services.outgoing import writes as outgoing
from backend.services.triggers import writes as triggers
from backend.store import schema
from backend.store.port import Equals, Item, Missing, Update, Write

_NOT_HERE = (DeliveryState.WAITING, "The order of this refund has not arrived yet.")


def apply_refund(shop: Shop, actor: Actor, connection: Connection, refund: RefundOfOrder) -> tuple[DeliveryState, str]:
    """What became of the refund, and why.

    Raises: `InvalidInputError`, `StaleReadError`; as the store.
    """
    if not refund.amount:
        return DeliveryState.UNCHANGED, "No money was given back; the order itself shows what was returned."
    return until_settled(lambda: _applied(shop, actor, connection, refund))


def _applied(shop: Shop, actor: Actor, connection: Connection, refund: RefundOfOrder) -> tuple[DeliveryState, str]:
    named = shop.store.get(schema.source_order_key(connection.source, refund.order))
    if named is None:
        return _NOT_HERE
    reference_key = schema.reference_key(connection.source, text(named, "number"))
    reference = shop.store.get(reference_key)
    if reference is None:
        return _NOT_HERE
    seen = reference.get("refunds")
    known: dict[str, object] = dict(seen) if isinstance(seen, dict) else {}
    if refund.id in known:
        return DeliveryState.UNCHANGED, ""
    key = order_key_of(reference)
    item = shop.store.get(key)
    if item is None:
        return _NOT_HERE
    all_refunds: Item = {**known, refund.id: refund.amount}  # type: ignore[dict-item]  # values of an item
    total = sum(amount for amount in all_refunds.values() if isinstance(amount, int))
    noted = Update(
        reference_key,
        set={"refunds": all_refunds},
        condition=Missing("refunds") if seen is None else Equals("refunds", seen),
        otherwise=StaleReadError("The same order is being changed."),
    )
    before = order_from(key, item)
    after = with_refunded(before, total, actor.username, shop.clock(), shop.locale, how=connection.kind.label)
    try:
        shop.store.transact([noted, *_order_writes(shop, before, after, item)])
    except ConflictError as error:
        raise StaleReadError("Somebody is changing the same order.") from error
    return (DeliveryState.UNCHANGED if after is before else DeliveryState.APPLIED), ""


def _order_writes(shop: Shop, before: Order, after: Order, item: Item) -> list[Write]:
    if after is before:
        return []
    day = order_day(item)
    people = schema.customer_key(after.customer_id), schema.customer_month_key(after.customer_id, day[:7])
    customer, month = (shop.store.get(key) or {} for key in people)
    changing = changing_writes(before, after, item, customer, month, shop.zone)
    events = outgoing.on_order_changed(shop, before, after)
    return [*changing, *triggers.on_changed(shop, before, after), *events]
